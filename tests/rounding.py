"""How far rounding may lead two ways to the same number apart, which is told by how they compute and not by hand.

- in float64 two orders of summation agree to ten digits of the largest number, or they are not the same computation
- a sum of n products in float32 is beside the exact one by some √n · ε · Σ|products|, as roundings go up and down
  (Higham and Mary 2019), and never by more than n · ε · Σ|products| (Higham 2002, section 3.1)
"""

import torch
from torch import Tensor

SINGLE = torch.finfo(torch.float32).eps
DIGITS = 1e-10
"""Of the largest number: a hundred thousand roundings of float64, and a thousandth of one of float32."""


def assert_same(found: Tensor, expected: Tensor, *, roundings: int = 0) -> None:
    """Both come from float64, by computations that differ in their order alone.

    roundings: how often numbers are rounded to float32 on the way all the same. Each is off by ε at most, which what
    follows may enlarge; ten times is what these networks do.
    """
    assert found.dtype == expected.dtype == torch.float64
    allowed = DIGITS + 10 * roundings * SINGLE
    torch.testing.assert_close(found, expected, rtol=0, atol=allowed * float(expected.detach().abs().max()))


def assert_product(found: Tensor, left: Tensor, right: Tensor, begin: Tensor | None = None) -> None:
    """`found` is begin + left @ right, summed in float32 in whatever order."""
    left, right = left.double(), right.double()
    exact, sizes = left @ right, left.abs() @ right.abs()
    if begin is not None:
        exact, sizes = exact + begin, sizes + begin.abs()
    terms = left.shape[-1] + 1
    allowed = min(terms, 4 * terms**0.5) * SINGLE * sizes
    off = (found.double() - exact).abs()
    assert found.shape == exact.shape
    assert (off <= allowed).all(), f"off by {float((off / allowed).max()):.3g} times what rounding allows"


def assert_rounded_alike(found: Tensor, in_single: Tensor, exact: Tensor, place: int | None = None) -> None:
    """`found` was computed in float32 in an order of its own, and is as near to the truth as float32 comes.

    in_single, exact: the same by plain modules, in float32 and in float64. How far the first is beside the second at
    most is what this network makes of roundings; another order may be off by eight times as much.
    place: where `found` stands in them.
    """
    allowed = 8 * (in_single.double() - exact).abs().max()
    expected = exact if place is None else exact[place]
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=float(allowed))
