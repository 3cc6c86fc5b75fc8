"""Convolutions take bfloat16 where the processor has matrix units for it, and nowhere else."""

import pytest
import torch

from fmstudio.nn.precision import convolution_autocast


@pytest.mark.parametrize(
    ("capabilities", "instructions", "expected"),
    [
        ({"amx_bf16": True}, "AVX512", True),
        ({"amx_bf16": True}, "AVX2", False),  # as ATEN_CPU_CAPABILITY asks for
        ({"amx_bf16": False}, "AVX512", False),
        ({}, "DEFAULT", False),
    ],
)
def test_only_matrix_units_make_bfloat16_pay(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], instructions: str, expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: instructions)
    with convolution_autocast(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") is expected


def test_other_devices_are_left_to_the_training_loop() -> None:
    with convolution_autocast(torch.device("meta")):
        assert not torch.is_autocast_enabled("cpu")
