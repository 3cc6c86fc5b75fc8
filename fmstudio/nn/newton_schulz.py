"""Orthogonalising matrices without a singular value decomposition, by a few products each."""

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic that Jordan et al. (2024) chose for its steepness at zero: five steps bring singular values from
[0.01, 1] to about [0.7, 1.2], which serves an optimiser as well as exactly 1 would."""


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """The orthogonal factor of each matrix, roughly: U Vᵀ of U S Vᵀ, with singular values near 1 in place of S.

    matrices: (count, rows, columns) with rows <= columns, all treated in the same batched products. Each step maps
    every singular value s to a s + b s³ + c s⁵ (Newton and Schulz's iteration with other coefficients).
    """
    norms = torch.linalg.vector_norm(matrices, dim=(1, 2), keepdim=True)
    x = matrices / norms.add_(1e-7)
    return _through_gram(x, steps) if 3 * x.shape[1] < 2 * x.shape[2] else _directly(x, steps)


def _directly(x: Tensor, steps: int) -> Tensor:
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        gram = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _through_gram(x: Tensor, steps: int) -> Tensor:
    """The same for matrices much longer than high.

    Every step multiplies x from the left by a polynomial of its Gram matrix, so the steps can be taken on small square
    matrices alone, and their product applied to x once at the end.
    """
    a, b, c = COEFFICIENTS
    gram = torch.bmm(x, x.mT)
    product: Tensor | None = None
    for step in range(steps):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else torch.bmm(factor, product)
        if step < steps - 1:
            gram = torch.bmm(torch.bmm(factor, gram), factor)
    return x if product is None else torch.bmm(product, x)
