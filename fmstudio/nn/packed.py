"""Weights that stay small: whole numbers of eight bits, with a scale and a minimum for every block of a row.

    weight = scale · code + minimum        for 16 or 32 neighbours of a row, which share scale and minimum

This is what the usual quantised files hold, so nothing is lost by it: products are computed in float32, as with the
matrix of float32 that the codes stand for. But a single token reads 1.25 bytes a weight from memory instead of four,
and memory is what a single token waits for. Several tokens at once unpack a chunk of rows at a time and use it for
all of them.
"""

import math
import mmap
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.nn.compiled import kernels

LANES = 32
"""Rows that stand side by side; `nn.packed_kernels`, which is imported with the first matrix only, has the same."""

_CHUNK = 1024 * 1024
"""Numbers that are unpacked at once: few enough to stay in the processor's own memory."""


class PackedMatrix:
    """A matrix (rows, columns) of codes, filled in once with `fill`.

    block: neighbours of a row that share a scale and a minimum, 16 or 32; columns are a multiple of it.
    """

    def __init__(self, rows: int, columns: int, block: int) -> None:
        tiles, blocks = -(-rows // LANES), columns // block
        self.rows, self.columns = rows, columns
        self._take(
            _zeros((tiles, blocks, block, LANES), np.int8),
            _zeros((tiles, blocks, LANES), np.float32),
            _zeros((tiles, blocks, LANES), np.float32),
        )
        self._whole: PackedMatrix | None = None
        kernels()  # compiled now, where somebody waits for a model anyway

    def __getstate__(self) -> dict[str, Any]:
        """For copies: of a joined matrix each part takes its own codes along."""
        return self.__dict__ | {"_whole": None}

    def _take(self, codes: np.ndarray, scales: np.ndarray, minimums: np.ndarray) -> None:
        self._codes, self._scales, self._minimums = codes, scales, minimums
        self._shape = codes.shape[1:3]
        self._padded = len(codes) * LANES != self.rows

    @property
    def block(self) -> int:
        """Neighbours of a row that share a scale and a minimum."""
        return int(self._codes.shape[2])

    def fill(self, first: int, codes: np.ndarray, scales: np.ndarray, minimums: np.ndarray) -> None:
        """Rows from `first` on, a multiple of LANES: codes (rows, columns), scales and minimums (rows, blocks)."""
        tiles = slice(first // LANES, first // LANES + -(-len(codes) // LANES))
        by_block = codes.reshape(len(codes), *self._shape)
        for part, rows in ((self._codes, by_block), (self._scales, scales), (self._minimums, minimums)):
            for lane in range(LANES):
                found = rows[lane::LANES]
                part[tiles][: len(found), ..., lane] = found

    def matvec(self, x: Tensor, out: Tensor, *, add: bool = False) -> None:
        """out = W x, or out += W x; x: (columns,), out: (rows,), both float32 and contiguous."""
        _set_threads()
        given, result = x.numpy().reshape(self._shape), out.numpy()
        whole = np.zeros(len(self._codes) * LANES, np.float32) if self._padded else result
        if not add:
            result.fill(0)
        with _TURN:
            kernels().add_matvec(self._codes, self._scales, self._minimums, given, whole.reshape(-1, LANES))
        if self._padded:
            result += whole[: self.rows]

    def matmul(self, x: Tensor) -> Tensor:
        """x Wᵀ for several rows at once: (..., columns) → (..., rows)."""
        if x.requires_grad and torch.is_grad_enabled():
            result: Tensor = _Matmul.apply(x, self)
            return result
        return self._matmul(x)

    def matmuls(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """`matmul` of several, each (time, columns) and a product of its own, while the matrix is unpacked once."""
        results = [part.new_empty(len(part), self.rows) for part in parts]
        for first, chunk in self.chunks():
            for part, result in zip(parts, results, strict=True):
                result[:, first : first + chunk.shape[1]] = part @ chunk
        return results

    def _matmul(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, self.columns)
        if len(flat) == 1:
            single = flat.new_empty(self.rows)
            self.matvec(flat[0].contiguous(), single)
            return single.view(*x.shape[:-1], self.rows)
        result = flat.new_empty(len(flat), self.rows)
        for first, chunk in self.chunks():
            torch.mm(flat, chunk, out=result[:, first : first + chunk.shape[1]])
        return result.view(*x.shape[:-1], self.rows)

    def matmul_backward(self, gradient: Tensor) -> Tensor:
        """y W for several rows at once, which is how a gradient goes back: (..., rows) → (..., columns)."""
        flat = gradient.reshape(-1, self.rows)
        result = flat.new_zeros(len(flat), self.columns)
        self.add_matmul_backward(flat, result)
        return result.view(*gradient.shape[:-1], self.columns)

    def add_matmul_backward(self, gradient: Tensor, result: Tensor) -> None:
        """result += y W; gradient: y, (tokens, rows), result: (tokens, columns)."""
        for first, chunk in self.chunks():
            result.addmm_(gradient[:, first : first + chunk.shape[1]], chunk.t())

    def unpacked(self) -> Tensor:
        """The matrix in float32, (rows, columns), in memory of its own."""
        result = torch.empty(self.rows, self.columns)
        for first, chunk in self.chunks():
            result[first : first + chunk.shape[1]] = chunk.t()
        return result

    def row(self, number: int) -> Tensor:
        """One row in float32, (columns,)."""
        if not 0 <= number < self.rows:
            raise IndexError(f"There is no row {number}; the matrix has {self.rows}.")
        tile, lane = divmod(number, LANES)
        found = self._scales[tile, :, lane, None] * self._codes[tile, :, :, lane] + self._minimums[tile, :, lane, None]
        return torch.from_numpy(found.reshape(-1))

    def chunks(self) -> Iterator[tuple[int, Tensor]]:
        """Rows in float32, transposed, chunk by chunk: (number of the first, (columns, rows of the chunk)).

        A chunk stands in memory that the next one is written to.
        """
        _set_threads()
        tiles = max(1, _CHUNK // (self.columns * LANES))
        room = _room(self.columns * tiles * LANES)
        for tile in range(0, len(self._codes), tiles):
            part = slice(tile, tile + tiles)
            count = len(self._codes[part]) * LANES
            found = room[: self.columns * count].reshape(self.columns, count)
            with _TURN:
                kernels().unpack(self._codes[part], self._scales[part], self._minimums[part], found)
            yield tile * LANES, torch.from_numpy(found)[:, : self.rows - tile * LANES]


class _Matmul(torch.autograd.Function):
    """The product with a packed matrix, through which gradients go back to x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: PackedMatrix) -> Tensor:
        ctx.matrix = matrix
        return matrix._matmul(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix.matmul_backward(gradient), None


def can_join(parts: Sequence[PackedMatrix]) -> bool:
    """Whether matrices can stand one below the other: all but the last fill their tiles."""
    return not any(part.rows % LANES for part in parts[:-1])


def joined(parts: Sequence[PackedMatrix]) -> PackedMatrix:
    """Matrices that multiply the same, one below the other; their codes are kept once, in the joined one."""
    whole = parts[0]._whole
    if whole is not None and all(part._whole is whole for part in parts):
        return whole
    block = min(part.block for part in parts)
    whole = PackedMatrix(sum(part.rows for part in parts), parts[0].columns, block)
    tile = 0
    for part in parts:
        codes, scales, minimums = _in_blocks(part, block)
        own = slice(tile, tile + len(codes))
        whole._codes[own], whole._scales[own], whole._minimums[own] = codes, scales, minimums
        part._take(whole._codes[own], whole._scales[own], whole._minimums[own])
        part._whole = whole
        tile += len(codes)
    return whole


def _in_blocks(matrix: PackedMatrix, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, scales and minimums with shorter blocks."""
    codes, times = matrix._codes, matrix.block // block
    finer = codes.reshape(len(codes), -1, block, LANES)
    return finer, matrix._scales.repeat(times, axis=1), matrix._minimums.repeat(times, axis=1)


def _zeros(shape: tuple[int, ...], kind: type[np.generic]) -> np.ndarray:
    """Memory straight from the system, which gets it back at once: the heap would keep what joining sets free."""
    room = mmap.mmap(-1, math.prod(shape) * np.dtype(kind).itemsize)
    return np.frombuffer(room, kind).reshape(shape)


_OWN = threading.local()
_TURN = threading.Lock()
"""Held while a kernel runs: where there is no OpenMP, numba's own threads serve one caller at a time."""


def _room(numbers: int) -> np.ndarray:
    """Memory that the thread uses again for every chunk: fresh memory would cost more than what is written there."""
    room: np.ndarray | None = getattr(_OWN, "room", None)
    if room is None or len(room) < numbers:
        room = _OWN.room = np.empty(numbers, np.float32)
    return room


def _set_threads() -> None:
    """As many threads as torch computes with on this thread."""
    wanted = torch.get_num_threads()
    if getattr(_OWN, "threads", 0) != wanted:
        from numba import config, set_num_threads

        set_num_threads(max(1, min(wanted, config.NUMBA_NUM_THREADS)))  # type: ignore[attr-defined]
        _OWN.threads = wanted
