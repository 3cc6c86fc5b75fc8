"""The orthogonal factor of large matrices by two inverses, which on a CPU costs a quarter of Newton and Schulz's steps.

U Vᵀ of X = U S Vᵀ is (X Xᵀ)^-½ X. Of all functions with two poles that stand for the inverse root of the Gram matrix,
Zolotarev's (1877) is best, and better than five quintic steps: see Nakatsukasa and Freund 2016, "Computing fundamental
matrix decompositions accurately via the matrix sign function in two iterations", equations 2.5 to 3.6. What an
optimiser needs is far less than they do: singular values within an eighth of 1, by one application.

- in units of a product of two m × m matrices, an m × n matrix costs (5/8 + 1) n/m + 4/3 in place of 15 (see `flop`)
- the inverses are taken by blocks, so that nearly all work is in batched products, which a CPU does at full speed
- where a singular value is too small to be lifted it is shrunk, and nothing grows beyond bounds
"""

import torch
from torch import Tensor

FACTOR, POLES, RESIDUES = 0.8993173, (4.196390e-05, 1.385266e-02), (1.457083e-02, 2.371145e-01)
"""x · FACTOR · (1 + Σ residue / (x² + pole)) lies within 0.877 and 1.123 for x from 1/300 to 1: Zolotarev's sign
function of type (5, 4), its poles taken apart."""

BLOCK = 48
"""Matrices up to this size are inverted by LAPACK; products of smaller ones would be all overhead."""

GRAM_PARTS = 4
"""Rows are taken in so many parts, so that of the symmetric Gram matrix little more than half is computed."""


def polar_factor(matrices: Tensor) -> Tensor:
    """U Vᵀ of each U S Vᵀ, roughly; matrices: (count, rows, columns) with rows <= columns.

    Singular values come out within an eighth of 1 where they are above 1/300 of the fourth root of the sum of their
    fourth powers, which is at most a few times the largest of them.
    """
    gram, size = _gram(matrices)
    gram.div_(size)
    half, before = matrices.shape[1] // 2, 0.0
    # The inverse root is symmetric too: [[first, belowᵀ], [below, last]], each a sum over the poles.
    parts: list[Tensor] = []
    for pole, residue in zip(POLES, RESIDUES, strict=True):
        gram.diagonal(dim1=1, dim2=2).add_(pole - before)
        before, found = pole, _inverse_blocks(gram, half)
        if parts:
            torch._foreach_add_(parts, found, alpha=FACTOR * residue)
        else:
            parts = found
            torch._foreach_mul_(parts, FACTOR * residue)
    first, below, last = parts
    first.diagonal(dim1=1, dim2=2).add_(FACTOR)
    last.diagonal(dim1=1, dim2=2).add_(FACTOR)
    torch._foreach_div_(parts, [size.sqrt()] * len(parts))
    above, beneath = matrices[:, :half], matrices[:, half:]
    factors = torch.empty_like(matrices)  # laid out in memory as they are
    torch.baddbmm(torch.bmm(first, above), below.mT, beneath, out=factors[:, :half])
    torch.baddbmm(torch.bmm(below, above), last, beneath, out=factors[:, half:])
    return factors


def flop(rows: int, columns: int) -> float:
    """Floating-point operations of one matrix, without what is small beside products."""
    gram = rows * rows * columns * (1 + 1 / GRAM_PARTS)
    inverses = len(POLES) * 2 * rows**3 * (2 / 3)
    return gram + inverses + 2 * rows * rows * columns


def _gram(x: Tensor) -> tuple[Tensor, Tensor]:
    """X Xᵀ of each, of which only the blocks at and below the diagonal are filled in, and its Frobenius norm."""
    gram = x.new_empty(len(x), x.shape[1], x.shape[1])
    squares = x.new_full((len(x), 1, 1), 1e-30)
    stop = 0
    for part in x.chunk(GRAM_PARTS, dim=1):
        start, stop = stop, stop + part.shape[1]
        torch.bmm(part, x[:, :stop].mT, out=gram[:, start:stop, :stop])
        for twice, block in ((2.0, gram[:, start:stop, :start]), (1.0, gram[:, start:stop, start:stop])):
            squares.add_(torch.linalg.vector_norm(block, dim=(1, 2), keepdim=True).square_(), alpha=twice)
    return gram, squares.sqrt_()


def _inverse_blocks(a: Tensor, half: int) -> list[Tensor]:
    """Three blocks of each inverse, by the Schur complement of the first half: upper left, lower left, lower right.

    a: (count, m, m), symmetric positive definite; above its diagonal's blocks nothing is looked at.
    """
    first = _inverse(a[:, :half, :half])
    weights = torch.bmm(a[:, half:, :half], first)
    last = _inverse(torch.baddbmm(a[:, half:, half:], weights, a[:, half:, :half].mT, alpha=-1))
    below = torch.bmm(last, weights).neg_()
    return [first.baddbmm_(weights.mT, below, alpha=-1), below, last]


def _inverse(a: Tensor) -> Tensor:
    """The whole inverses, (count, m, m)."""
    size = a.shape[1]
    if size <= BLOCK:
        return torch.cholesky_inverse(torch.linalg.cholesky_ex(a).L)
    half = size // 2
    first, below, last = _inverse_blocks(a, half)
    inverse = a.new_empty(a.shape)
    inverse[:, :half, :half], inverse[:, half:, half:] = first, last
    inverse[:, half:, :half], inverse[:, :half, half:] = below, below.mT
    return inverse
