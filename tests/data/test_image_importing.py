"""Pictures from anywhere become a dataset of one size; whatever is bad is listed with its reason and left out."""

import errno
import gzip
import json
import struct
from fractions import Fraction

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, ImageCms

from fmstudio.data import importing
from fmstudio.data.images import ImageWriter, open_images
from fmstudio.data.readers import pictures
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def add_pictures(workspace, run):
    """Import files as the pictures "data" with some options."""

    def add(*sources, kind="images", name="data", **options):
        paths = [str(source) for source in sources]
        return run(importing.add(JobContext(), workspace, paths, name, kind, options))

    return add


@pytest.fixture
def pixels(workspace):
    """All pixels of the dataset "data"."""

    def pixels():
        with open_images(workspace, "data") as images:
            return np.array(images.pixels)

    return pixels


def everything(workspace):
    with open_images(workspace, "data") as images:
        return [images.picture(index) for index in range(len(images))]


def plain(path, colour=RED, size=(8, 8), mode="RGB", **saving):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **saving)
    return path


def noise(path, size=(64, 48), seed=0, **saving):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(values).save(path, **saving)
    return path


def idx(path, array):
    types = {"uint8": 8, "int32": 12, "float32": 13}
    header = struct.pack(f">4B{array.ndim}I", 0, 0, types[array.dtype.name], array.ndim, *array.shape)
    content = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def reasons(ran):
    return {entry["source"]: entry["reason"] for entry in ran.result["skipped"]}


# Folders.


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "bmp", "tif"])
def test_every_format_becomes_pixels(workspace, add_pictures, pixels, tmp_path, ending):
    plain(tmp_path / f"a.{ending}", (200, 40, 90))
    ran = add_pictures(tmp_path / f"a.{ending}", size=4)
    assert ran.result == {"dataset": "data", "pictures": 1, "bytes": 48, "skipped": []}
    assert np.abs(pixels().astype(int) - (200, 40, 90)).max() <= 4  # what JPEG's and GIF's rounding leaves
    assert ran.of(Artefact) == [Artefact("dataset", "data", str(workspace.dataset_folder("data")))]
    assert ran.of(Progress)[-1].done == ran.of(Progress)[-1].total


def test_folders_are_classes_and_empty_ones_are_told(workspace, add_pictures, tmp_path):
    folder = tmp_path / "animals"
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        plain(folder / name)
    (folder / "newt").mkdir()
    ran = add_pictures(folder, size=8)
    assert [picture.label for picture in everything(workspace)] == ["cat", "cat", "dog"]
    assert everything(workspace)[0].source == "animals/cat/1.png"
    assert workspace.dataset("data").details["classes"] == ["cat", "dog"]
    assert "The folder animals/newt holds no picture, so there is no class of its name." in ran.notes


@pytest.mark.parametrize(
    "places",
    [
        {"cat/session0/1": "cat", "cat/session1/2": "cat", "dog/session0/1": "dog"},
        {"cat/2022/1": "cat", "dog/2021/1": "dog"},
        {"cat/1": "cat", "dog/extra/more/1": "dog"},
        {"train/cat/1": "cat", "train/dog/1": "dog", "val/cat/2": "cat", "val/dog/deep/2": "dog"},
        {"seg_train/seg_train/cat/1": "cat", "seg_test/seg_test/dog/1": "dog"},
        {"training_set/training_set/cat/1": "cat", "test_set/test_set/dog/1": "dog"},
        {"train2017/cat/1": "cat", "Test/dog/1": "dog"},
        {"images/cat/1": "cat", "images/dog/1": "dog"},
        {"data/train/cat/1": "cat", "data/valid/dog/1": "dog"},
        {"train/1": "", "val/2": ""},
        {"cat/1": "cat", "2": "", "dog/1": "dog"},
    ],
)
def test_the_class_is_the_first_folder_that_is_no_split(workspace, add_pictures, tmp_path, places):
    for place in places:
        plain(tmp_path / "animals" / f"{place}.png")
    add_pictures(tmp_path / "animals", size=8)
    found = {picture.source: picture.label for picture in everything(workspace)}
    assert found == {f"animals/{place}.png": label for place, label in places.items()}


def test_splits_that_are_chosen_are_no_classes(workspace, add_pictures, tmp_path):
    for place in ("train/cat/1", "train/dog/1", "val/cat/1"):
        plain(tmp_path / f"{place}.png")
    ran = add_pictures(tmp_path / "train", tmp_path / "val", size=8)
    assert [picture.label for picture in everything(workspace)] == ["cat", "dog", "cat"]
    assert "Classes are the folders cat, dog; the folders train, val above them are no classes." in ran.notes


def test_several_folders_are_classes_and_one_is_none(workspace, add_pictures, tmp_path):
    for name in ("cat/1.png", "dog/1.png"):
        plain(tmp_path / name)
    add_pictures(tmp_path / "cat", tmp_path / "dog", size=8)
    assert [picture.label for picture in everything(workspace)] == ["cat", "dog"]
    add_pictures(tmp_path / "cat", size=8, name="cats")
    assert workspace.dataset("cats").details["classes"] == []
    add_pictures(tmp_path / "cat", tmp_path / "dog", size=8, name="plain", folder_classes=False)
    assert workspace.dataset("plain").details["classes"] == []


def test_captions_classes_and_attributes_of_a_metadata_table(workspace, add_pictures, tmp_path):
    folder = tmp_path / "pets"
    for number in range(4):
        plain(folder / f"{number}.png")
    rows = [
        {
            "file_name": f"{number}.png",
            "text": f"Pet {number}",
            "label": "cat",
            "age": number // 2,
            "id": f"no {number}",
        }
        for number in range(4)
    ]
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    add_pictures(folder, size=8)
    first, *_, last = everything(workspace)
    assert (first.caption, first.label, dict(first.attributes)) == ("Pet 0", "cat", {"age": "0"})
    assert (last.caption, dict(last.attributes)) == ("Pet 3", {"age": "1"})  # "id" differs in each, so it is none
    assert workspace.dataset("data").details["attributes"] == {"age": ["0", "1"]}


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_labels_of_a_metadata_table_may_be_numbers(workspace, add_pictures, tmp_path, ending):
    folder = tmp_path / "pets"
    for number in range(4):
        plain(folder / f"{number}.png")
    rows = [
        {"file_name": f"{number}.png", "label": number % 2, "night": number < 2, "day": float(number % 2), "box": [1]}
        for number in range(4)
    ]
    if ending == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "metadata.parquet")
    else:
        (folder / "metadata.jsonl").write_text(
            "\n".join(json.dumps({**row, "label": float(row["label"])}) for row in rows)
        )
    ran = add_pictures(folder, size=8)
    assert [picture.label for picture in everything(workspace)] == ["0", "1", "0", "1"]
    assert workspace.dataset("data").details["attributes"] == {"night": ["no", "yes"], "day": ["0", "1"]}
    assert ("columns that tell of no kind of pictures, which are not used: box" in ran.notes) == (ending == "jsonl")


@pytest.mark.parametrize(
    ("named", "there"),
    [("img\\1.png", "img/1.png"), ("\u00fcber.png", "u\u0308ber.png"), ("e\u0301\\1.png", "\u00e9/1.png")],
)
def test_names_of_another_system_are_found(workspace, add_pictures, tmp_path, named, there):
    plain(tmp_path / "pets" / there)
    (tmp_path / "pets" / "metadata.csv").write_text(f"file_name,text\n{named},A pet\n", "utf-8")
    add_pictures(tmp_path / "pets", size=8)
    assert [picture.caption for picture in everything(workspace)] == ["A pet"]


def test_of_several_captions_the_first_is_taken_and_told(workspace, add_pictures, tmp_path):
    plain(tmp_path / "pets" / "1.png")
    row = {"file_name": "1.png", "text": ["A pet", "Some animal"]}
    (tmp_path / "pets" / "metadata.jsonl").write_text(json.dumps(row), "utf-8")
    ran = add_pictures(tmp_path / "pets", size=8)
    assert [picture.caption for picture in everything(workspace)] == ["A pet"]
    assert "pictures with several captions, of which the first was taken: 1." in ran.notes


def test_rows_and_pictures_that_miss_each_other_are_told(workspace, add_pictures, tmp_path):
    folder = tmp_path / "pets"
    for number in range(3):
        plain(folder / f"{number}.png")
    (folder / "metadata.csv").write_text("file_name,text\n1.png,A pet\n7.png,Gone\n", "utf-8")
    ran = add_pictures(folder, size=8)
    assert [picture.caption for picture in everything(workspace)] == ["", "A pet", ""]
    assert "2 pictures have no row in the metadata: pets/0.png, pets/2.png." in ran.notes
    assert "1 row has no picture to be about: 7.png." in ran.notes
    (folder / "metadata.csv").write_text("name,text\n1.png,A pet\n", "utf-8")
    ran = add_pictures(folder, size=8, name="other")
    assert "it has no column file_name" in reasons(ran)["pets/metadata.csv"]
    assert ran.result["pictures"] == 3


def test_captions_from_names(workspace, add_pictures, tmp_path):
    plain(tmp_path / "a_small-cat.png")
    add_pictures(tmp_path / "a_small-cat.png", captions="names")
    assert everything(workspace)[0].caption == "a small cat"


# Modes and sizes.


def test_sixteen_bits_palette_inks_and_transparency(workspace, add_pictures, pixels, tmp_path):
    folder = tmp_path / "modes"
    folder.mkdir()
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(folder / "a16.png")
    plain(folder / "b-palette.png", 1, mode="P")
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    palette.save(folder / "b-palette.png")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(folder / "c-inks.tif")
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(folder / "d-alpha.png")
    Image.new("RGBA", (8, 8), (0, 0, 255, 128)).save(folder / "e-alpha.png")
    Image.new("1", (8, 8), 1).save(folder / "f-bit.png")
    ran = add_pictures(folder, size=4, background="#00ff00")
    assert ran.result["skipped"] == []
    wanted = [(100, 100, 100), (10, 200, 30), (255, 0, 0), GREEN, (0, 127, 128), WHITE]
    assert np.abs(pixels()[:, 0, 0].astype(int) - wanted).max() <= 1
    modes = [picture.mode for picture in everything(workspace)]
    assert modes[1:] == ["P", "CMYK", "RGBA", "RGBA", "1"]
    assert modes[0].startswith("I")


def test_pictures_are_turned_as_their_camera_was(workspace, add_pictures, pixels, tmp_path):
    picture = Image.new("RGB", (16, 8), RED)
    picture.paste(BLUE, (0, 0, 8, 8))
    exif = picture.getexif()
    exif[0x0112] = 6  # to be turned clockwise: what is left goes to the top
    picture.save(tmp_path / "a.png", exif=exif)
    add_pictures(tmp_path / "a.png", size=8, crop="stretch", resampling="nearest")
    assert tuple(pixels()[0, 1, 4]) == BLUE
    assert tuple(pixels()[0, 6, 4]) == RED
    (shown,) = everything(workspace)
    assert (shown.width, shown.height) == (8, 16)


@pytest.mark.parametrize(
    ("crop", "corner", "edge"), [("centre", GREEN, GREEN), ("fit", WHITE, RED), ("stretch", RED, RED)]
)
def test_crop_policies(add_pictures, pixels, tmp_path, crop, corner, edge):
    picture = Image.new("RGB", (32, 16), RED)
    picture.paste(GREEN, (8, 0, 24, 16))
    picture.save(tmp_path / "a.png")
    add_pictures(tmp_path / "a.png", size=16, crop=crop, resampling="nearest")
    (found,) = pixels()
    assert tuple(found[0, 0]) == corner
    assert tuple(found[8, 0]) == edge
    assert tuple(found[8, 8]) == GREEN


def test_shades_of_grey(workspace, add_pictures, pixels, tmp_path):
    plain(tmp_path / "a.png", GREEN)
    add_pictures(tmp_path / "a.png", channels="grey", size=8)
    assert pixels().shape == (1, 8, 8, 1)
    assert pixels()[0, 0, 0, 0] == 150  # 0.587 of 255


def test_reducing_takes_the_mean_of_what_is_covered(add_pictures, pixels, tmp_path):
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "a.png")
    add_pictures(tmp_path / "a.png", size=8, resampling="area")
    assert np.abs(pixels().astype(int) - 127).max() <= 1


def test_one_pixel_and_a_long_line(workspace, add_pictures, pixels, tmp_path):
    folder = tmp_path / "odd"
    plain(folder / "dot.png", RED, (1, 1))
    plain(folder / "line.png", BLUE, (1, 10_000))
    plain(folder / "good.png", GREEN)
    ran = add_pictures(folder, size=8)
    assert ran.result["pictures"] == 1
    assert reasons(ran)["odd/line.png"] == (
        "it is 1 × 10,000 pixels, and its shorter side is below the 4 that pictures must have at least"
    )
    assert "odd/dot.png" in reasons(ran)
    for crop in ("centre", "fit", "stretch"):
        assert add_pictures(folder, size=8, smallest=1, crop=crop, name=crop).result["pictures"] == 3


def test_an_animation_is_its_first_frame_or_every_few(workspace, add_pictures, tmp_path):
    frames = [Image.new("RGB", (8, 8), (40 * number, 0, 0)) for number in range(6)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    ran = add_pictures(tmp_path / "a.gif", size=8)
    assert ran.result["pictures"] == 1
    assert "a.gif: the first of its 6 frames is used." in ran.notes
    add_pictures(tmp_path / "a.gif", size=8, animation=2, name="frames")
    with open_images(workspace, "frames") as images:
        assert [images.about(index)["source"] for index in range(3)] == [f"a.gif · frame {n}" for n in (1, 3, 5)]
        assert images.pixels[:, 0, 0, 0].tolist() == [0, 80, 160]


# Bad files.


def test_bad_files_are_listed_and_the_good_ones_imported(workspace, add_pictures, tmp_path):
    folder = tmp_path / "mixed"
    noise(folder / "good.jpg")
    whole = (folder / "good.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("no picture at all", "utf-8")
    (folder / "empty.gif").write_bytes(b"")
    Image.new("1", (10_001, 10_000)).save(folder / "huge.png")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    (folder / "notes.txt").write_text("hello", "utf-8")
    (folder / "film.mp4").write_bytes(b"....")
    ran = add_pictures(folder)
    assert reasons(ran) == {
        "mixed/bomb.png": "it has more than the 100 megapixels that are read; make it smaller first",
        "mixed/cut.jpg": "it is truncated: its end is missing",
        "mixed/empty.gif": "it is empty",
        "mixed/film.mp4": "it is a video; add it as a video",
        "mixed/huge.png": "it is 10,001 × 10,000 pixels, 100 megapixels, more than the 100 that are read; make it "
        "smaller first",
        "mixed/notes.txt": "files ending in .txt are not read in a folder",
        "mixed/text.png": "it is not a picture, or damaged",
    }
    assert ran.result["pictures"] == workspace.dataset("data").items == 1
    lines = (workspace.dataset_folder("data") / "skipped.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == ran.result["skipped"]


def test_an_animation_that_breaks_off(add_pictures, tmp_path):
    frames = [Image.fromarray(np.random.default_rng(n).integers(0, 256, (20, 20, 3), np.uint8)) for n in range(8)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "cut.gif").write_bytes((tmp_path / "a.gif").read_bytes()[:-900])
    with pytest.raises(StudioError, match=r"cut\.gif cannot be imported: it is truncated: its end is missing"):
        add_pictures(tmp_path / "cut.gif", animation=1)
    assert add_pictures(tmp_path / "cut.gif").result["pictures"] == 1  # the first frame is whole


def test_a_file_that_breaks_at_its_end_leaves_nothing(workspace, add_pictures, tmp_path, monkeypatch):
    """A picture of the bad file, of a class of its own, was written when its end turned out to be unreadable."""
    honest = pictures.read

    def read(source):
        yield from honest(source)
        if "/b/" in source.name:
            raise RuntimeError("the rest is gone")

    monkeypatch.setattr(pictures, "read", read)
    for name in ("a", "b", "c"):
        plain(tmp_path / "set" / name / "1.png")
    ran = add_pictures(tmp_path / "set", size=8)
    assert "the rest is gone" in reasons(ran)["set/b/1.png"]
    assert workspace.dataset("data").details["classes"] == ["a", "c"]
    assert [(picture.label, picture.source) for picture in everything(workspace)] == [
        ("a", "set/a/1.png"), ("c", "set/c/1.png")]  # fmt: skip


def test_nothing_usable_is_one_sentence(workspace, add_pictures, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(StudioError, match=r"^a\.png cannot be imported: it is not a picture, or damaged\.$"):
        add_pictures(tmp_path / "a.png")
    (tmp_path / "bare").mkdir()
    with pytest.raises(StudioError, match=r"There is no file to read in .*bare; known endings are \.png"):
        add_pictures(tmp_path / "bare")
    assert list((workspace.path / "datasets").iterdir()) == []
    with pytest.raises(StudioError, match=r'options.background is "puce", but it must be a colour such as "white"'):
        add_pictures(tmp_path / "a.png", background="puce")
    with pytest.raises(StudioError, match=r"options.size is 2, but it must be a whole number from 4 to 1024"):
        add_pictures(tmp_path / "a.png", size=2)
    with pytest.raises(StudioError, match=r"'sound' is not a kind of dataset that can be added; add one of text"):
        add_pictures(tmp_path / "a.png", kind="sound")


def test_a_stop_keeps_and_a_cancel_leaves_nothing(workspace, run, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_BREATH", 0.0)
    for number in range(6):
        plain(tmp_path / "set" / f"{number}.png")
    job = importing.add(JobContext(), workspace, [str(tmp_path / "set")], "data", "images")
    while "Reading" not in next(job).message:
        pass
    next(job)
    assert list((workspace.path / "datasets").iterdir()) != []
    job.close()
    assert list((workspace.path / "datasets").iterdir()) == []
    context = JobContext()
    job = importing.add(context, workspace, [str(tmp_path / "set")], "data", "images")
    while (progress := next(job)).done == 0 or progress.unit != "bytes":
        pass
    context.stop()
    ran = run(job)
    assert 0 < ran.result["pictures"] < 6
    assert workspace.dataset("data").details["complete"] is False


def test_a_full_disk_is_one_sentence(workspace, add_pictures, tmp_path, monkeypatch):
    def full(self, picture):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ImageWriter, "add", full)
    with pytest.raises(StudioError, match="the disk is full; free some space and try again"):
        add_pictures(plain(tmp_path / "a.png"))
    assert list((workspace.path / "datasets").iterdir()) == []


# Arrays.


@pytest.fixture
def digits():
    """Ten pictures of 12 × 12 grey pixels."""
    return np.random.default_rng(1).integers(0, 256, (10, 12, 12), np.uint8)


@pytest.mark.parametrize("names", [
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte"),
    ("emnist-images-idx3-ubyte.gz", "emnist-labels-idx1-ubyte.gz"),
])  # fmt: skip
def test_idx_files_with_their_labels(workspace, add_pictures, pixels, tmp_path, digits, names):
    images, labels = names
    folder = tmp_path / "mnist"
    folder.mkdir()
    idx(folder / images, digits)
    idx(folder / labels, np.arange(10, dtype=np.uint8) + 2)
    assert add_pictures(folder, size=12, channels="grey").result["skipped"] == []
    assert np.array_equal(pixels()[..., 0], digits)
    assert [picture.label for picture in everything(workspace)] == [f"{number:02d}" for number in range(2, 12)]
    add_pictures(folder / images, size=12, name="alone")  # the labels are found beside the file
    assert workspace.dataset("alone").details["classes"][0] == "02"


def test_bad_idx_files(workspace, add_pictures, tmp_path, digits):
    good = idx(tmp_path / "a-idx3-ubyte", digits).read_bytes()
    cases = {
        "magic": (b"\1\2\3\4" + good[4:], r"it is not an IDX file: it begins with 01 02 03 04 instead of 00 00"),
        "short": (good[:-5], r"its header promises 10 × 12 × 12 numbers, which are 1,456 bytes, but it has 1,451"),
        "long": (good + b"1", r"which are 1,456 bytes, but it has more than 1,456"),
        "header": (good[:9], r"it is truncated: its header ends early"),
    }
    for name, (content, reason) in cases.items():
        for ending, packed in (("", content), (".gz", gzip.compress(content))):
            path = tmp_path / f"{name}-idx3-ubyte{ending}"
            path.write_bytes(packed)
            with pytest.raises(StudioError, match=reason):
                add_pictures(path)
    with pytest.raises(StudioError, match="it holds labels, not pictures; add the file of pictures"):
        add_pictures(idx(tmp_path / "only-labels-idx1-ubyte", np.arange(4, dtype=np.uint8)))
    idx(tmp_path / "few-images-idx3-ubyte", digits)
    idx(tmp_path / "few-labels-idx1-ubyte", np.arange(4, dtype=np.uint8))
    with pytest.raises(StudioError, match="it comes with 4 labels for 10 pictures"):
        add_pictures(tmp_path / "few-images-idx3-ubyte")
    (tmp_path / "cut-idx3-ubyte.gz").write_bytes(gzip.compress(good)[:-20])
    with pytest.raises(StudioError, match=r"cut-idx3-ubyte\.gz cannot be imported: "):
        add_pictures(tmp_path / "cut-idx3-ubyte.gz")


@pytest.mark.parametrize("change", [
    lambda x: x,
    lambda x: x.transpose(0, 3, 1, 2),
    lambda x: x.astype(np.int64),
    lambda x: x.astype(np.uint16) * 257,
    lambda x: (x / 255.0).astype(np.float32),
    lambda x: x / 127.5 - 1.0,
    lambda x: np.concatenate([x, np.full_like(x[..., :1], 255)], 3),
], ids=["as it is", "channels first", "64 bits", "16 bits", "0 to 1", "-1 to 1", "alpha"])  # fmt: skip
def test_arrays_of_any_layout_and_range(add_pictures, pixels, tmp_path, change):
    pictures = np.random.default_rng(2).integers(0, 256, (5, 9, 9, 3), np.uint8)
    pictures[0, 0, 0] = (0, 255, 7)
    np.save(tmp_path / "a.npy", np.ascontiguousarray(change(pictures)))
    assert add_pictures(tmp_path / "a.npy", size=9).result["pictures"] == 5
    assert np.array_equal(pixels(), pictures)


def test_an_array_with_its_labels_in_another_file(workspace, add_pictures, tmp_path, digits):
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "x_train.npy", digits)
    np.save(folder / "y_train.npy", np.arange(10) % 3)
    assert add_pictures(folder, size=12).result["skipped"] == []
    assert [picture.label for picture in everything(workspace)] == [*"0120120120"]


def test_yes_and_no_and_one_picture(add_pictures, pixels, tmp_path):
    np.save(tmp_path / "a.npy", np.eye(8, dtype=bool)[None])
    add_pictures(tmp_path / "a.npy", size=8, channels="grey")
    assert np.array_equal(pixels()[0, ..., 0], np.eye(8) * 255)
    np.save(tmp_path / "b.npy", np.full((20, 30, 3), 9, np.uint8))
    assert add_pictures(tmp_path / "b.npy", size=8, name="one").result["pictures"] == 1


def test_an_archive_of_arrays(workspace, add_pictures, tmp_path, digits):
    np.savez(tmp_path / "a.npz", x_train=digits, y_train=np.arange(10) % 2, x_test=digits[:3], y_test=np.zeros(3, int))
    add_pictures(tmp_path / "a.npz", size=12)
    assert [picture.label for picture in everything(workspace)] == [*"0101010101", *"000"]
    np.savez_compressed(tmp_path / "b.npz", pictures=digits, kinds=np.array(["even", "odd"] * 5))
    add_pictures(tmp_path / "b.npz", size=12, name="named")
    assert workspace.dataset("named").details["classes"] == ["even", "odd"]


def test_bad_arrays(workspace, add_pictures, tmp_path, digits):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    np.save(tmp_path / "flat.npy", np.zeros((10, 784)))
    np.save(tmp_path / "range.npy", digits.astype(float) * 9)
    np.save(tmp_path / "columns.npy", np.asfortranarray(digits))
    np.save(tmp_path / "good.npy", digits)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:-7])
    (tmp_path / "noise.npy").write_bytes(b"no array")
    np.savez(tmp_path / "none.npz", a=np.zeros(3))
    for name, reason in {
        "objects.npy": "it holds Python objects, which could run a program",
        "flat.npy": r"its shape \(10, 784\) is not that of pictures",
        "range.npy": "its values go from 0 to .*, but they must be within one of: 0 to 1",
        "columns.npy": r"it is stored by columns \(Fortran order\)",
        "cut.npy": "its header promises 1,440 bytes of numbers, but it has 1,433",
        "noise.npy": "it is not a NumPy array, or damaged",
        "none.npz": r"none of its arrays is of pictures; its arrays are: a \(3,\)",
    }.items():
        with pytest.raises(StudioError, match=reason):
            add_pictures(tmp_path / name)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_are_those_that_the_profile_means(add_pictures, pixels, tmp_path, ending, mode):
    if (ending, mode) in (("jpg", "RGBA"), ("jpg", "P"), ("webp", "P")):
        return
    image = Image.new("RGB", (8, 8), (200, 120, 90))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    image.save(tmp_path / f"a.{ending}", icc_profile=swapped_profile())
    add_pictures(tmp_path / f"a.{ending}", size=8)
    assert np.abs(pixels()[0, 4, 4].astype(int) - (90, 120, 200)).max() <= 6


def swapped_profile():
    """The profile of sRGB with red and blue swapped, so that what comes out can be told without reckoning."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(int.from_bytes(profile[128:132], "big")):
        place = 132 + 12 * number
        name = bytes(profile[place : place + 4])
        swapped = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name)
        if swapped:
            profile[place : place + 4] = swapped
        if name == b"desc":
            start = int.from_bytes(profile[place + 4 : place + 8], "big")
            at = profile.index("sRGB".encode("utf-16-be"), start)
            profile[at : at + 8] = "swap".encode("utf-16-be")
    return bytes(profile)


def test_a_broken_profile_costs_no_picture(add_pictures, pixels, tmp_path):
    plain(tmp_path / "a.png", (200, 120, 90), icc_profile=b"no profile at all")
    ran = add_pictures(tmp_path / "a.png", size=8)
    assert tuple(pixels()[0, 4, 4]) == (200, 120, 90)
    assert "a.png: its colour profile does not fit, so its colours are taken as they are" in ran.notes


@pytest.mark.parametrize(
    ("highest", "kind", "noted"),
    [
        (65_535, np.uint16, ""), (20_000, np.uint16, ""),
        (4_000, np.uint16, "go up to 4,000, so they were taken to be 12 bits"),
        (255, np.int32, "taken to be 8 bits deep"), (4_095, np.int32, "12 bits"), (65_535, np.int32, ""),
        (1_000_000, np.int32, "as bright at their highest"), (1.0, np.float32, ""), (255.0, np.float32, ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inverted", [False, True])
def test_deep_pictures_have_contrast(add_pictures, pixels, tmp_path, highest, kind, noted, inverted):
    values = np.linspace(0, highest, 64).reshape(8, 8).astype(kind)
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo={262: 0 if inverted else 1})
    ran = add_pictures(tmp_path / "a.tif", size=8)
    found = pixels()[0, ..., 0].astype(int)
    most = {20_000: 78, 4_000: 249}.get(highest, 255)
    assert found.max() - found.min() == pytest.approx(most, abs=1)
    assert (found[0, 0] > found[7, 7]) == inverted
    assert noted in ran.notes
    assert bool(noted) == bool(ran.notes)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("kind", "highest"), [("u2", 65_535), ("i2", 32_767), ("u4", 2**32 - 1), ("i4", 255)])
def test_deep_tiffs_of_every_kind(add_pictures, pixels, tmp_path, order, inverted, kind, highest):
    values = np.linspace(0, highest, 64).reshape(8, 8).astype(np.dtype(order + kind))
    (tmp_path / "a.tif").write_bytes(tiff(values, white_is_zero=inverted))
    add_pictures(tmp_path / "a.tif", size=8)
    most = 255 if kind != "i2" else 127
    expected = np.rint(np.linspace(0, most, 64).reshape(8, 8))
    assert np.abs(pixels()[0, ..., 0] - (255 - expected if inverted else expected)).max() <= 1


def tiff(values: np.ndarray, white_is_zero: bool) -> bytes:
    """A grey TIFF of any type of number and order of bytes (TIFF 6.0, section 2)."""
    order, data = "<>"[values.dtype.byteorder == ">"], values.tobytes()
    height, width = values.shape
    tags = {256: width, 257: height, 258: 8 * values.dtype.itemsize, 259: 1, 262: int(not white_is_zero), 273: 8,
            277: 1, 278: height, 279: len(data), 339: 2 if values.dtype.kind == "i" else 1}  # fmt: skip
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(data))
    return head + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def test_pictures_of_different_depths(add_pictures, pixels, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, highest in (("a", 60_000), ("b", 4_000), ("c", 3_000)):
        values = np.linspace(0, highest, 64).reshape(8, 8).astype(np.uint16)
        Image.fromarray(values).save(folder / f"{name}.png")
    np.save(folder / "d.npy", np.full((2, 8, 8), 2_000, np.uint16))
    ran = add_pictures(folder, size=8)
    assert [picture.max() for picture in pixels()] == [233, 249, 187, 125, 125]
    told = "it was taken to be 12 bits deep, but pictures/a.png to be 16; if all are of one depth, set the option depth"
    assert ran.notes.count("if all are of one depth") == 1
    assert f"pictures/b.png: {told}." in ran.notes
    assert "pictures/d.npy: its values go up to 2,000, so they were taken to be 12 bits deep" in ran.notes


def test_the_depth_of_pictures_can_be_set(add_pictures, pixels, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, highest in (("a", 60_000), ("b", 4_000)):
        values = np.linspace(0, highest, 64).reshape(8, 8).astype(np.uint16)
        Image.fromarray(values).save(folder / f"{name}.png")
    np.save(folder / "c.npy", np.full((1, 8, 8), 4_000, np.uint16))
    ran = add_pictures(folder, size=8, depth="16")
    assert [picture.max() for picture in pixels()] == [233, 16, 16]
    assert not ran.notes
    ran = add_pictures(folder, size=8, depth="12", name="bright")
    assert "pictures/a.png: its values go up to 60,000; those above 4,095 are as bright as that." in ran.notes


def test_labels_in_an_archive(workspace, add_pictures, tmp_path):
    pictures, number = np.zeros((6, 8, 8, 3), np.uint8), np.arange(6)
    arrays = {
        "ids": number + 1000, "angles": number / 7, "label": number % 2,
        "onehot": np.eye(2, dtype=np.float32)[number % 2], "parity": (number % 2).astype("S1"),
        "whole": (number % 2).astype(float), "words": np.array(["cat", "dog"] * 3), "boxes": np.zeros((6, 4)) + 0.5,
    }  # fmt: skip
    kinds = {"0", "1"}
    for number, (names, classes, told) in enumerate([
        (("ids",), set(), "its array ids is no labels of classes: it has another number for each picture"),
        (("angles",), set(), "its array angles is no labels of classes: its numbers are fractions"),
        (("label", "ids", "angles"), kinds, ""),
        (("onehot",), kinds, ""),
        (("whole", "angles"), kinds, "its array angles is no labels of classes: its numbers are fractions"),
        (("words",), {"cat", "dog"}, ""),
        (("boxes",), set(), "its array boxes is no labels of classes: its rows say no class each"),
        (("label", "words"), kinds, ""),
        (("parity", "words"), set(), "its arrays parity, words may all be labels, so none is used; name one labels"),
    ]):  # fmt: skip
        np.savez(tmp_path / "a.npz", images=pictures, **{name: arrays[name] for name in names})
        ran = add_pictures(tmp_path / "a.npz", size=8, name=f"set-{number}")
        assert set(workspace.dataset(f"set-{number}").details["classes"]) == classes, names
        assert told in ran.notes
        assert bool(told) == bool(ran.notes)


def test_labels_beside_an_array_that_are_none_cost_no_picture(workspace, add_pictures, tmp_path):
    np.save(tmp_path / "x_train.npy", np.zeros((6, 8, 8, 3), np.uint8))
    np.save(tmp_path / "y_train.npy", np.arange(6) / 7)
    ran = add_pictures(tmp_path / "x_train.npy", size=8)
    assert ran.result["pictures"] == 6
    assert "y_train.npy is no labels of classes: its numbers are fractions" in ran.notes
    np.save(tmp_path / "y_train.npy", np.eye(3, dtype=np.int64)[np.arange(6) % 3])
    add_pictures(tmp_path / "x_train.npy", size=8, name="onehot")
    assert workspace.dataset("onehot").details["classes"] == ["0", "1", "2"]


# Drawings.

CIRCLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="10" fill="#f00"/></svg>'
)


def test_drawings_are_drawn_at_the_size(workspace, add_pictures, pixels, tmp_path):
    (tmp_path / "1F600.svg").write_text(CIRCLE, "utf-8")
    add_pictures(tmp_path / "1F600.svg", size=16, background="blue", captions="characters")
    (found,) = pixels()
    assert (tuple(found[8, 8]), tuple(found[0, 0])) == (RED, BLUE)
    (picture,) = everything(workspace)
    assert (picture.caption, picture.label) == ("grinning face", "Emoticons")
    assert (picture.width, picture.height, picture.mode) == (40, 40, "SVG")


def test_drawings_that_cannot_be_drawn(add_pictures, tmp_path):
    for content, reason in (
        ("<svg", "it is not an SVG drawing, or damaged"),
        (CIRCLE.replace("<circle", "<text>a</text><circle"), "it holds text, whose look depends on the fonts"),
    ):
        (tmp_path / "a.svg").write_text(content, "utf-8")
        with pytest.raises(StudioError, match=reason):
            add_pictures(tmp_path / "a.svg")


# Videos.

COLOURS = [RED, GREEN, BLUE]


def shoot(path, frames, aspect=None):
    """A video of frames, (height, width, 3) each, at 20 a second; the width of a pixel is `aspect` times its height."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for picture in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture
def film(tmp_path):
    """Three seconds of 20 frames each: red, then green, then blue."""
    return shoot(tmp_path / "film.mp4", [np.full((48, 64, 3), COLOURS[number // 20], np.uint8) for number in range(60)])


def test_frames_at_a_rate_and_at_scene_changes(workspace, add_pictures, pixels, film):
    ran = add_pictures(film, kind="video", size=8, frame_rate=2)
    assert ran.result["pictures"] == 6
    assert np.abs(pixels()[::2, 4, 4].astype(int) - COLOURS).max() < 8
    assert everything(workspace)[3].source == "film.mp4 · 0:01.500"
    assert (everything(workspace)[0].width, everything(workspace)[0].height) == (64, 48)
    assert workspace.dataset("data").kind == "images"
    add_pictures(film, kind="video", frame_rate=0, scene_changes=True, name="scenes")
    with open_images(workspace, "scenes") as images:
        assert [images.about(index)["source"][-8:] for index in range(len(images))] == [
            "0:00.000", "0:01.000", "0:02.000"]  # fmt: skip


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(2), (96, 96)), (Fraction(1, 2), (48, 192)), (None, (48, 96))])
def test_pixels_that_are_not_square(workspace, add_pictures, pixels, tmp_path, aspect, size):
    """A circle is as wide as high; its middle half fills the frame's shorter side."""
    path = shoot(tmp_path / "a.mp4", [np.full((96, 48, 3), 255, np.uint8)] * 20, aspect)
    add_pictures(path, kind="video", size=8)
    assert (everything(workspace)[0].width, everything(workspace)[0].height) == size


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), (0, 0)), ((-1, 0, 0, 1), (0, 1)), ((1, 0, 0, -1), (1, 0)), ((-1, 0, 0, -1), (1, 1)),
        ((0, 1, -1, 0), (0, 1)), ((0, -1, 1, 0), (1, 0)), ((0, 1, 1, 0), (0, 0)), ((0, -1, -1, 0), (1, 1)),
    ],
)  # fmt: skip
def test_turned_and_mirrored_videos(add_pictures, pixels, tmp_path, matrix, corner):
    """Where the red corner, top left on disk, is after x' = ax + cy and y' = bx + dy (ISO/IEC 14496-12, 8.3.2)."""
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:32, :32] = RED
    path = shoot(tmp_path / "a.mp4", [picture] * 20)
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    add_pictures(path, kind="video", size=8)
    corners = pixels()[0][1::5, 1::5]
    red = np.argwhere(np.abs(corners.astype(int) - RED).max(axis=-1) < 40)
    assert red.tolist() == [list(corner)]


def test_bad_videos(workspace, add_pictures, film, tmp_path):
    (tmp_path / "noise.mp4").write_bytes(b"\0" * 5000)
    (tmp_path / "empty.mp4").write_bytes(b"")
    content = film.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])  # the index of an MP4 is at its end
    for name, reason in {
        "noise.mp4": "it is not a video, or damaged",
        "empty.mp4": "it is empty",
        "cut.mp4": "it is not a video, or damaged",
    }.items():
        with pytest.raises(StudioError, match=reason):
            add_pictures(tmp_path / name, kind="video")


def test_an_animation_as_a_video(add_pictures, tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in COLOURS]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=500)
    assert add_pictures(tmp_path / "a.gif", kind="video", size=8, frame_rate=2).result["pictures"] == 3
