"""The orthogonal factor of large matrices by two inverses, which on a CPU costs a third of Newton and Schulz's steps.

U Vᵀ of X = U S Vᵀ is (X Xᵀ)^-½ X. Of all functions with two poles that stand for the inverse root of the Gram matrix,
Zolotarev's (1877) is best, and better than five quintic steps: see Nakatsukasa and Freund 2016, "Computing fundamental
matrix decompositions accurately via the matrix sign function in two iterations", equations 2.5 to 3.6. What an
optimiser needs is far less than they do: singular values within an eighth of 1, by one application.

- in units of a product of two m × m matrices, an m × n matrix costs (5/8 + 1) n/m + 1 in place of 15 (see `flop`)
- the inverses are taken by Cholesky's factors, which stay right where a gradient has next to no rank; inverses by
  blocks would be quicker by a quarter, but their Schur complements then lose all their digits
- where a singular value is too small to be lifted it is shrunk, and nothing grows beyond bounds
"""

import torch
from torch import Tensor

FACTOR, POLES, RESIDUES = 0.8993173, (4.196390e-05, 1.385266e-02), (1.457083e-02, 2.371145e-01)
"""x · FACTOR · (1 + Σ residue / (x² + pole)) lies within 0.877 and 1.123 for x from 1/300 to 1: Zolotarev's sign
function of type (5, 4), its poles taken apart."""

GRAM_PARTS = 4
"""Rows are taken in so many parts, so that of the symmetric Gram matrix little more than half is computed."""


def polar_factor(matrices: Tensor) -> Tensor:
    """U Vᵀ of each U S Vᵀ, roughly; matrices: (count, rows, columns) with rows <= columns.

    Singular values come out within an eighth of 1 where they are above 1/300 of the fourth root of the sum of their
    fourth powers, which is at most a few times the largest of them.
    """
    gram, size = _gram(matrices)
    gram.div_(size)
    root, before = torch.zeros_like(gram), 0.0
    for pole, residue in zip(POLES, RESIDUES, strict=True):
        gram.diagonal(dim1=1, dim2=2).add_(pole - before)
        before = pole
        root.add_(torch.cholesky_inverse(torch.linalg.cholesky_ex(gram).L), alpha=FACTOR * residue)
    root.diagonal(dim1=1, dim2=2).add_(FACTOR)
    return torch.bmm(root.div_(size.sqrt()), matrices)


def flop(rows: int, columns: int) -> float:
    """Floating-point operations of one matrix, without what is small beside products."""
    gram = rows * rows * columns * (1 + 1 / GRAM_PARTS)
    inverses = len(POLES) * rows**3
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
