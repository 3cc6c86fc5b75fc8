"""GGUF's quantised weights as packed matrices: each block's own whole numbers, scale and minimum, nothing rounded.

`gguf` tells the numbers of a block; this module reads the block's scale and minimum, which lead back to its codes.
"""

from collections.abc import Callable

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize
from gguf.quants import Q4_K

from fmstudio.nn.packed import LANES, PackedMatrix

_AT_ONCE = 256 * 1024
"""Numbers unpacked at once on the way: few, as the heap keeps the memory of many."""

Factors = tuple[np.ndarray, np.ndarray]
"""Scales and minimums of stored blocks, (blocks, parts of a block) each."""


def can_pack(kind: GGMLQuantizationType) -> bool:
    """Whether weights of this kind can be kept packed."""
    return kind in _KINDS


def packed_bytes(kind: GGMLQuantizationType, parameters: int) -> int:
    """Memory of a packed matrix with so many numbers: a byte each, and two of four bytes for every block."""
    return parameters + parameters * 8 // _KINDS[kind][0]


def pack(raw: np.ndarray, kind: GGMLQuantizationType) -> PackedMatrix:
    """A matrix as the file has it, (rows, bytes of a row); raises ValueError where its scales are no numbers."""
    stored, size = GGML_QUANT_SIZES[kind]
    block, factors = _KINDS[kind]
    columns = raw.shape[1] // size * stored
    matrix = PackedMatrix(len(raw), columns, block)
    rows = max(1, _AT_ONCE // (columns * LANES)) * LANES
    for first in range(0, len(raw), rows):
        part = np.ascontiguousarray(raw[first : first + rows])
        scales, minimums = (each.reshape(len(part), -1) for each in factors(part.reshape(-1, size)))
        if not (np.isfinite(scales).all() and np.isfinite(minimums).all()):
            raise ValueError("has scales that are not finite")
        codes = dequantize(part, kind).reshape(len(part), -1, block)
        codes -= minimums[..., None]
        codes /= np.where(scales == 0, 1, scales)[..., None]  # without a scale every number is the minimum: codes of 0
        matrix.fill(first, codes.round(out=codes).astype(np.int8).reshape(len(part), -1), scales, minimums)
    return matrix


def _half(blocks: np.ndarray, place: int) -> np.ndarray:
    """Numbers of 16 bits at a place of every block: (blocks, 1)."""
    return np.ascontiguousarray(blocks[:, place : place + 2]).view(np.float16).astype(np.float32)


def _scale_alone(blocks: np.ndarray) -> Factors:
    scale = _half(blocks, 0)
    return scale, np.zeros_like(scale)


def _scale_and_minimum(blocks: np.ndarray) -> Factors:
    return _half(blocks, 0), _half(blocks, 2)


def _of_eight_parts(blocks: np.ndarray) -> Factors:
    scales, minimums = (part.astype(np.float32) for part in Q4_K.get_scale_min(np.ascontiguousarray(blocks[:, 4:16])))
    return _half(blocks, 0) * scales, -(_half(blocks, 2) * minimums)


def _of_sixteen_parts(blocks: np.ndarray) -> Factors:
    scales = np.ascontiguousarray(blocks[:, 192:208]).view(np.int8).astype(np.float32) * _half(blocks, 208)
    return scales, np.zeros_like(scales)


_KINDS: dict[GGMLQuantizationType, tuple[int, Callable[[np.ndarray], Factors]]] = {
    GGMLQuantizationType.Q4_0: (32, _scale_alone),
    GGMLQuantizationType.Q4_1: (32, _scale_and_minimum),
    GGMLQuantizationType.Q5_0: (32, _scale_alone),
    GGMLQuantizationType.Q5_1: (32, _scale_and_minimum),
    GGMLQuantizationType.Q8_0: (32, _scale_alone),
    GGMLQuantizationType.Q4_K: (32, _of_eight_parts),
    GGMLQuantizationType.Q5_K: (32, _of_eight_parts),
    GGMLQuantizationType.Q6_K: (16, _of_sixteen_parts),
}
"""Neighbours that share a scale and a minimum, and how these are read from stored blocks, (blocks, bytes)."""
