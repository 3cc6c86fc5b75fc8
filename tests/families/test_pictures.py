"""What the picture families share: batches, conditions, chance and model folders."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fmstudio.data.images import ImageWriter, Picture, open_images
from fmstudio.errors import StudioError
from fmstudio.families.chance import latents, noise, spherical, uniform
from fmstudio.families.conditions import Conditions, Field
from fmstudio.families.family import Recipe
from fmstudio.families.pictures import (
    PictureData,
    from_uint8,
    load_weights,
    open_pictures,
    read_config,
    save_model,
    to_uint8,
)
from fmstudio.recipe import DatasetChoice, RecipeError
from fmstudio.workspace import DatasetRecord, Workspace

FACES = Conditions((Field("eyes", ("round", "shut")), Field("mouth", ("smile",))))


def recipe(**data: object) -> Recipe:
    chosen = {"datasets": [DatasetChoice(name="shapes")], **data}
    return Recipe(None, "test", "", {"data": PictureData(**chosen)})  # type: ignore[arg-type]


def store(workspace: Workspace, name: str, pixels: np.ndarray, labels: list[str]) -> None:
    folder = workspace.dataset_folder(name)
    folder.mkdir(parents=True)
    with ImageWriter(folder, *pixels.shape[1:]) as writer:
        for picture, label in zip(pixels, labels, strict=True):
            writer.add(Picture(picture, label))
    workspace.put_dataset(DatasetRecord(name, "images", writer.count, writer.bytes, details=writer.details()))


def test_pixels_survive_the_way_to_a_tensor_and_back() -> None:
    pictures = np.arange(2 * 16 * 8 * 3, dtype=np.uint32).astype(np.uint8).reshape(2, 16, 8, 3)
    tensor = from_uint8(pictures)
    assert tensor.shape == (2, 3, 16, 8)
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert tensor.abs().max() <= 1.0
    assert np.array_equal(to_uint8(tensor), pictures)


def test_batches_hold_pictures_of_the_dataset_with_their_own_classes(pictured: Workspace) -> None:
    mixture = open_pictures(pictured, recipe(conditioning="class"))
    pictures, conditions = mixture.batch(seed=1, step=5, count=8)
    with open_images(pictured, "shapes") as images:
        known = {images.pixels[index].tobytes(): images.label(index) for index in range(len(images))}
    names = mixture.conditions.fields[0].values
    for picture, row in zip(to_uint8(pictures), conditions, strict=True):
        assert known[picture.tobytes()] == names[int(row[0])]


def test_what_validates_never_trains(pictured: Workspace) -> None:
    mixture = open_pictures(pictured, recipe(validation_fraction=0.3))
    held = {picture.tobytes() for picture in to_uint8(mixture.validation(1000)[0])}
    trained = {picture.tobytes() for step in range(60) for picture in to_uint8(mixture.batch(0, step, 16)[0])}
    assert mixture.train_count + mixture.validation_count == pictured.dataset("shapes").items
    assert len(trained) > 10
    assert not held & trained


def test_datasets_are_drawn_by_their_weights(workspace: Workspace) -> None:
    store(workspace, "dark", np.zeros((20, 4, 4, 1), np.uint8), ["dark"] * 20)
    store(workspace, "light", np.full((20, 4, 4, 1), 255, np.uint8), ["light"] * 20)
    chosen = [DatasetChoice(name="dark", weight=3.0), DatasetChoice(name="light", weight=1.0)]
    mixture = open_pictures(workspace, recipe(datasets=chosen, conditioning="class"))
    pictures, conditions = mixture.batch(0, 1, 2000)
    assert mixture.conditions.fields == (Field("class", ("dark", "light")),)
    assert abs(float((pictures.mean((1, 2, 3)) < 0).float().mean()) - 0.75) < 0.05
    assert torch.equal(conditions[:, 0] == 1, pictures.mean((1, 2, 3)) > 0)


def test_pictures_of_two_sizes_are_refused(workspace: Workspace) -> None:
    store(workspace, "small", np.zeros((4, 4, 4, 1), np.uint8), [""] * 4)
    store(workspace, "large", np.zeros((4, 8, 8, 1), np.uint8), [""] * 4)
    with pytest.raises(StudioError, match="'large' has pictures of 8 × 8 in grey, but 'small' of 4 × 4"):
        open_pictures(workspace, recipe(datasets=[DatasetChoice(name="small"), DatasetChoice(name="large")]))


def test_classes_that_are_not_there_cannot_be_asked_for(workspace: Workspace) -> None:
    store(workspace, "plain", np.zeros((4, 4, 4, 1), np.uint8), [""] * 4)
    with pytest.raises(RecipeError, match="have no classes"):
        open_pictures(workspace, recipe(datasets=[DatasetChoice(name="plain")], conditioning="class"))


@pytest.mark.parametrize(
    ("wanted", "row"),
    [("", [-1, -1]), ("shut", [1, -1]), ("mouth=smile, eyes = round", [0, 0]), ({"mouth": "smile"}, [-1, 0])],
)
def test_wishes_become_rows(wanted: str | dict[str, str], row: list[int]) -> None:
    assert FACES.encode(wanted) == row
    assert Conditions.from_json(FACES.to_json()) == FACES


@pytest.mark.parametrize(
    ("wanted", "told"), [("eyes=open", "round, shut"), ("nose=long", "eyes, mouth"), ("mouth=shut", "smile")]
)
def test_wishes_that_the_model_does_not_know_are_answered_with_those_it_does(wanted: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        FACES.encode(wanted)


def test_chance_is_a_pure_function() -> None:
    assert torch.equal(noise((2, 3), 1, 2, 3), noise((2, 3), 1, 2, 3))
    different = {float(noise((1,), *key)) for key in ((1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3))}
    assert len(different) == 4
    assert torch.equal(latents((4,), 7, 3), latents((4,), 7, 5)[:3])
    spread = uniform(4000, 0, 0)
    assert abs(float(spread.mean()) - 0.5) < 0.03
    assert spread.min() >= 0
    assert spread.max() < 1


def test_a_spherical_way_keeps_its_length() -> None:
    first, last = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    way = spherical(first, last, torch.tensor([0.0, 0.5, 1.0]))
    assert torch.allclose(way, torch.tensor([[2.0, 0.0], [2.0**0.5, 2.0**0.5], [0.0, 2.0]]), atol=1e-6)
    assert torch.allclose(spherical(first, first, torch.tensor([0.3]))[0], first)


def test_a_model_folder_comes_back_and_damage_is_named(tmp_path: Path) -> None:
    network = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    save_model(tmp_path, "gan", {"latent": 8}, network)
    again = nn.Conv2d(3, 4, 3)
    load_weights(tmp_path, again)
    assert torch.equal(again.weight, network.weight)
    assert read_config(tmp_path, "gan")["latent"] == 8
    with pytest.raises(StudioError, match="family 'gan', not 'vae'"):
        read_config(tmp_path, "vae")
    (tmp_path / "model.safetensors").write_bytes(b"half a file")
    with pytest.raises(StudioError, match=r"weights in .* do not fit"):
        load_weights(tmp_path, again)


def test_mirroring_changes_about_half_of_the_pictures(workspace: Workspace) -> None:
    ramp = np.broadcast_to(np.arange(8, dtype=np.uint8)[None, None, :, None] * 30, (10, 8, 8, 1))
    store(workspace, "ramps", ramp, [""] * 10)
    data = recipe(datasets=[DatasetChoice(name="ramps")], flip=True)
    rising = open_pictures(workspace, data).batch(0, 1, 400)[0][:, 0, 0].diff(dim=1).mean(1) > 0
    assert 0.4 < float(rising.float().mean()) < 0.6
    plain = dataclasses.replace(data, sections={"data": PictureData(datasets=data.data.datasets)})
    assert bool((open_pictures(workspace, plain).batch(0, 1, 50)[0].diff(dim=3) > 0).all())
