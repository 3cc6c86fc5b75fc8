"""Documents are found by index, and damage to their files is noticed."""

import pytest

from fmstudio.data.documents import Document, Documents, DocumentWriter, open_documents
from fmstudio.errors import StudioError
from fmstudio.workspace import DatasetRecord

TEXTS = ["first", "", "zwölf 🙂", "x" * 100_000]


@pytest.fixture
def folder(tmp_path):
    with DocumentWriter(tmp_path) as writer:
        for number, text in enumerate(TEXTS):
            writer.add(Document(text, f"Titel {number} – ü", f"{number}.txt", "cp1252"))
    return tmp_path


def test_random_access(folder):
    with Documents(folder) as documents:
        assert len(documents) == 4
        assert documents.document(2) == Document("zwölf 🙂", "Titel 2 – ü", "2.txt", "cp1252")
        assert [documents.text(index) for index in (3, 0, 1)] == [TEXTS[3], TEXTS[0], TEXTS[1]]
        assert documents.sizes.tolist() == [5, 0, 11, 100_000]
        assert [document.text for document in documents] == TEXTS


def test_the_content_tells_texts_and_their_borders(tmp_path):
    def content(*texts: str) -> str:
        with DocumentWriter(tmp_path) as writer:
            for text in texts:
                writer.add(Document(text))
        return writer.content

    assert content("ab", "c") == content("ab", "c")
    assert len({content("ab", "c"), content("a", "bc"), content("abc"), content("c", "ab")}) == 4


def test_going_back_drops_what_came_after(tmp_path):
    with DocumentWriter(tmp_path) as writer:
        writer.add(Document("stays", "one"))
        content, mark = writer.content, writer.mark()
        writer.add(Document("goes", "two"))
        writer.go_back(mark)
        assert (writer.documents, writer.bytes, writer.content) == (1, 5, content)
        writer.add(Document("new", "three"))
    with Documents(tmp_path) as documents:
        assert [(document.title, document.text) for document in documents] == [("one", "stays"), ("three", "new")]


def test_damage_is_explained(workspace, add, tmp_path):
    (tmp_path / "a.txt").write_text("text", "utf-8")
    add(tmp_path / "a.txt")
    offsets = workspace.dataset_folder("data") / "documents.idx"
    offsets.write_bytes(offsets.read_bytes()[:40])
    with pytest.raises(StudioError, match=r"The files of dataset 'data' are damaged .*; add it again\."):
        open_documents(workspace, "data")
    offsets.unlink()
    with pytest.raises(StudioError, match="are damaged"):
        open_documents(workspace, "data")


def test_a_missing_dataset_and_one_of_another_kind(workspace):
    with pytest.raises(StudioError, match="There is no dataset named 'plays'"):
        open_documents(workspace, "plays")
    workspace.dataset_folder("robots").mkdir()
    workspace.put_dataset(DatasetRecord("robots", "images", 6000, 1))
    with pytest.raises(StudioError, match="'robots' holds images, not text"):
        open_documents(workspace, "robots")
