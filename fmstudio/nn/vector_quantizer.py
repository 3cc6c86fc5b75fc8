"""A codebook: each vector is replaced by the nearest of a fixed number of learned ones.

Van den Oord et al. 2017, "Neural Discrete Representation Learning". The codes are moved by running averages of the
vectors that chose them (appendix A.1), and the encoder learns as if nothing had been replaced (straight through). Codes
that nobody chooses are put where encoder outputs are, so that the whole codebook is of use (Dhariwal et al. 2020).
"""

import torch
from torch import Tensor, nn

EPSILON = 1e-5


class VectorQuantizer(nn.Module):
    """`size` codes of `width` numbers. What it learns is in buffers, so that a checkpoint holds all of it."""

    codes: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, size: int, width: int, decay: float = 0.99) -> None:
        super().__init__()
        self.size, self.width, self.decay = size, width, decay
        self.register_buffer("codes", torch.randn(size, width) * width**-0.5)
        self.register_buffer("counts", torch.zeros(size))  # running average of how often each is chosen in a batch
        self.register_buffer("sums", self.codes.clone() * 0)

    @torch.no_grad()
    def nearest(self, vectors: Tensor) -> Tensor:
        """Numbers of the nearest codes; vectors: (..., width) → (...)."""
        flat = vectors.flatten(0, -2)
        # |v - c|² without |v|², which is the same for all codes
        distances = self.codes.square().sum(1) - 2 * flat @ self.codes.T
        return distances.argmin(1).view(vectors.shape[:-1])

    def look_up(self, numbers: Tensor) -> Tensor:
        """The codes of these numbers: (...) → (..., width)."""
        return self.codes[numbers]

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Replaced vectors with a straight-through gradient, the codes' numbers, and the commitment loss.

        The commitment loss is the mean squared distance to the chosen codes (eq. 3's last term, without its weight).
        """
        numbers = self.nearest(vectors)
        chosen = self.look_up(numbers)
        commitment = (vectors - chosen).square().mean()
        if self.training and torch.is_grad_enabled():
            self._follow(vectors.detach().flatten(0, -2), numbers.flatten())
        return vectors + (chosen - vectors).detach(), numbers, commitment

    @torch.no_grad()
    def _follow(self, vectors: Tensor, numbers: Tensor) -> None:
        """Move each code towards the mean of the vectors that chose it."""
        counts = torch.bincount(numbers, minlength=self.size).to(vectors.dtype)
        sums = torch.zeros_like(self.sums).index_add_(0, numbers, vectors)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        in_use = self.counts > EPSILON
        self.codes[in_use] = self.sums[in_use] / self.counts[in_use, None]

    @torch.no_grad()
    def revive(self, vectors: Tensor, generator: torch.Generator, threshold: float = 0.05) -> int:
        """Put codes chosen less than `threshold` times a batch, in the average, onto vectors drawn from `vectors`.

        vectors: (count, width), encoder outputs; those far from all codes are drawn more often, as in k-means++ (Arthur
        and Vassilvitskii 2007). generator: where the draw comes from; the same one, the same result.
        A revived code starts with the count of a code in average use, so that it has time to prove itself.
        """
        dead = (self.counts < threshold).nonzero().flatten()[: len(vectors)]
        if not len(dead):
            return 0
        missed = (vectors - self.look_up(self.nearest(vectors))).square().sum(1).cpu() + EPSILON
        drawn = torch.multinomial(missed, len(dead), generator=generator).to(vectors.device)
        start = max(float(self.counts.mean()), 1.0)
        self.codes[dead] = vectors[drawn]
        self.counts[dead] = start
        self.sums[dead] = vectors[drawn] * start
        return len(dead)


def perplexity(counts: Tensor) -> float:
    """How many codes would be in use if all were used alike: exp of the entropy of their shares; counts: (codes,)."""
    shares = counts.double() / counts.sum().clamp_min(1)
    return float(torch.special.entr(shares).sum().exp())
