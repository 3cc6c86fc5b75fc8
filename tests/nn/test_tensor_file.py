"""A disk that is full or gone is told as such, not as something that a library cannot do."""

import errno
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from fmstudio.nn import tensor_file
from fmstudio.nn.tensor_file import save_tensors


def test_tensors_come_back(tmp_path: Path) -> None:
    save_tensors({"a": torch.arange(3)}, tmp_path / "a.safetensors")
    assert torch.equal(load_file(tmp_path / "a.safetensors")["a"], torch.arange(3))


def test_what_the_disk_says_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory") as error:
        save_tensors({"a": torch.arange(3)}, tmp_path / "nowhere" / "a.safetensors")
    assert error.value.errno == errno.ENOENT


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(tensor_file, "save_file", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        save_tensors({"a": torch.arange(3)}, tmp_path / "a.safetensors")
    assert error.value.errno == errno.ENOSPC
