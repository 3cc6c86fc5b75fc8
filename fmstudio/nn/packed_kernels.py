"""The two inner loops of packed matrices, compiled on first use for the processor at hand (numba, LLVM).

A packed matrix (see `nn.packed`) stands in tiles of LANES rows. Within a tile the rows are side by side, so that one
instruction of the processor works on as many rows as it has lanes, whatever their number: codes are
(tiles, blocks, places in a block, LANES), scales and minimums (tiles, blocks, LANES).

Sums are taken in the order that is written here, whatever the number of threads or lanes of the processor.
"""

import numpy as np
from numba import njit, prange

LANES = 32

_CODES, _FACTORS, _ROWS = "int8[:,:,:,::1]", "float32[:,:,::1]", "float32[:,::1]"


@njit(fastmath={"contract"}, nogil=True, cache=True)
def _eight(codes, x, place, lane):  # type: ignore[no-untyped-def]
    """One lane's sum over eight places of a block; longer sums within one expression run out of registers."""
    return (
        np.float32(codes[place, lane]) * x[place]
        + np.float32(codes[place + 1, lane]) * x[place + 1]
        + np.float32(codes[place + 2, lane]) * x[place + 2]
        + np.float32(codes[place + 3, lane]) * x[place + 3]
        + np.float32(codes[place + 4, lane]) * x[place + 4]
        + np.float32(codes[place + 5, lane]) * x[place + 5]
        + np.float32(codes[place + 6, lane]) * x[place + 6]
        + np.float32(codes[place + 7, lane]) * x[place + 7]
    )


@njit(fastmath={"contract"}, nogil=True, cache=True)
def _tile_matvec(codes, scales, minimums, x, sums, out):  # type: ignore[no-untyped-def]
    """Adds one tile's rows times x: (blocks, places, LANES), (blocks, LANES) … → (LANES,)."""
    dots = np.empty(LANES, np.float32)
    for block in range(codes.shape[0]):
        inner, part = codes[block], x[block]
        for lane in range(LANES):
            dots[lane] = np.float32(0)
        if inner.shape[0] == 32:  # a number known beforehand keeps the sums in registers: twice as fast
            for place in range(0, 32, 8):
                for lane in range(LANES):
                    dots[lane] += _eight(inner, part, place, lane)
        else:
            for place in range(0, 16, 8):
                for lane in range(LANES):
                    dots[lane] += _eight(inner, part, place, lane)
        scale, minimum, total = scales[block], minimums[block], sums[block]
        for lane in range(LANES):
            out[lane] += scale[lane] * dots[lane] + minimum[lane] * total


@njit(
    f"void({_CODES}, {_FACTORS}, {_FACTORS}, {_ROWS}, {_ROWS})",
    parallel=True, fastmath={"contract"}, nogil=True, cache=True,
)  # fmt: skip
def add_matvec(codes, scales, minimums, x, out):  # type: ignore[no-untyped-def]
    """out += W x; x: (blocks, places), out: (tiles, LANES)."""
    sums = np.zeros(x.shape[0], np.float32)
    for block in range(x.shape[0]):
        for place in range(x.shape[1]):
            sums[block] += x[block, place]
    for tile in prange(codes.shape[0]):
        _tile_matvec(codes[tile], scales[tile], minimums[tile], x, sums, out[tile])


@njit(f"void({_CODES}, {_FACTORS}, {_FACTORS}, {_ROWS})", parallel=True, nogil=True, cache=True)
def unpack(codes, scales, minimums, out):  # type: ignore[no-untyped-def]
    """The numbers themselves, transposed: out (columns, tiles * LANES)."""
    places = codes.shape[2]
    for tile in prange(codes.shape[0]):
        first = tile * LANES
        for block in range(codes.shape[1]):
            for place in range(places):
                row = out[block * places + place]
                for lane in range(LANES):
                    row[first + lane] = (
                        scales[tile, block, lane] * np.float32(codes[tile, block, place, lane])
                        + minimums[tile, block, lane]
                    )
