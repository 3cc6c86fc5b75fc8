"""Convolutions take bfloat16 where the processor has matrix units for it, and nowhere else."""

import pytest
import torch

from fmstudio.nn.precision import convolution_autocast


@pytest.mark.parametrize(
    ("capabilities", "expected"), [({"amx_bf16": True}, True), ({"amx_bf16": False}, False), ({}, False)]
)
def test_only_matrix_units_make_bfloat16_pay(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    with convolution_autocast(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") is expected


def test_other_devices_are_left_to_the_training_loop() -> None:
    with convolution_autocast(torch.device("meta")):
        assert not torch.is_autocast_enabled("cpu")
