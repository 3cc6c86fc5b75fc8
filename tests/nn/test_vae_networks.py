"""The parts of a variational autoencoder against closed forms and brute force."""

import math

import pytest
import torch
from torch.distributions import Independent, Laplace, Normal, kl_divergence

from fmstudio.nn.code_prior import CodePrior
from fmstudio.nn.gaussian_vae import GaussianVae, PosteriorMeter, kl_per_dimension
from fmstudio.nn.latent_flow import LatentFlow
from fmstudio.nn.picture_codec import GridDecoder, GridEncoder, GridShape, halvings_to
from fmstudio.nn.picture_likelihood import negative_log_likelihood
from fmstudio.nn.quantized_vae import QuantizedVae
from fmstudio.nn.vector_quantizer import VectorQuantizer, perplexity


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_kl_is_that_of_two_gaussians() -> None:
    mean, log_variance = torch.randn(2, 5, 7, generator=generator())
    reference = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_per_dimension(mean, log_variance), reference)


@pytest.mark.parametrize(("kind", "density"), [("gaussian", Normal), ("laplace", Laplace)])
def test_the_likelihood_is_the_best_that_any_noise_level_gives(kind: str, density: type) -> None:
    pictures, drawn = torch.randn(2, 3, 2, 4, 4, generator=generator())
    scales = torch.linspace(0.3, 3.0, 2000)
    least = min(-Independent(density(drawn, scale), 3).log_prob(pictures).mean() for scale in scales)
    assert float(negative_log_likelihood(pictures, drawn, kind)) == pytest.approx(float(least), abs=0.01)


@pytest.mark.parametrize("size", [(32, 32), (28, 28), (16, 16), (9, 20), (1, 1), (64, 48)])
def test_pictures_of_any_size_come_back_in_their_size(size: tuple[int, int]) -> None:
    height, width = size
    shape = GridShape(height=height, width=width, channels=1, halvings=halvings_to(height, width, 4), base=4, blocks=1)
    features = GridEncoder(shape)(torch.zeros(2, 1, height, width))
    assert features.shape == (2, shape.widths[-1], *shape.grid)
    assert GridDecoder(shape)(features).shape == (2, 1, height, width)


def test_the_latents_are_drawn_from_the_posterior() -> None:
    shape = GridShape(height=8, width=8, channels=3, halvings=1, base=4, blocks=1)
    model = GaussianVae(shape, latent=5)
    pictures = torch.randn(4, 3, 8, 8, generator=generator())
    noise = torch.randn(4, 5, generator=generator(1))
    drawn, latents, mean, log_variance = model(pictures, noise, torch.zeros(4, 0, dtype=torch.int64))
    torch.testing.assert_close(latents, mean + noise * log_variance.exp().sqrt())
    torch.testing.assert_close(drawn, model.decode(latents))


def test_conditions_change_what_is_drawn_and_can_be_left_open() -> None:
    shape = GridShape(height=8, width=8, channels=3, halvings=1, base=4, blocks=1)
    model = GaussianVae(shape, latent=5, condition_sizes=[3, 2])
    latents = torch.zeros(3, 5)
    drawn = model.decode(latents, torch.tensor([[0, 1], [2, 1], [-1, -1]]))
    assert not torch.allclose(drawn[0], drawn[1])
    torch.testing.assert_close(drawn[2:], model.decode(latents[2:]))


def test_an_active_dimension_is_one_whose_mean_varies() -> None:
    meter = PosteriorMeter()
    means = torch.stack([torch.linspace(-1, 1, 50), torch.full((50,), 0.7), 0.05 * torch.linspace(-1, 1, 50)], 1)
    for part in (means[:20], means[20:]):
        meter.add(part, torch.zeros_like(part))
    assert meter.active == 1
    torch.testing.assert_close(meter.deviations[0], means[:, 0].std(correction=0))
    torch.testing.assert_close(meter.kl, 0.5 * means.square().mean(0))


# The codebook.


def test_each_vector_gets_the_code_that_is_nearest() -> None:
    quantizer = VectorQuantizer(13, 3).eval()
    vectors = torch.randn(4, 6, 3, generator=generator())
    by_hand = torch.cdist(vectors.flatten(0, 1), quantizer.codes).argmin(1).view(4, 6)
    chosen, numbers, commitment = quantizer(vectors)
    assert torch.equal(numbers, by_hand)
    assert torch.allclose(chosen, quantizer.look_up(by_hand))
    assert float(commitment) == pytest.approx(float((vectors - quantizer.look_up(by_hand)).square().mean()))


def test_the_gradient_passes_a_codebook_as_if_it_were_not_there() -> None:
    vectors = torch.randn(5, 3, generator=generator(), requires_grad=True)
    chosen, _, _ = VectorQuantizer(4, 3).eval()(vectors)
    (chosen * torch.arange(3.0)).sum().backward()
    torch.testing.assert_close(vectors.grad, torch.arange(3.0).expand(5, 3))


def test_codes_move_to_the_mean_of_what_chooses_them() -> None:
    quantizer = VectorQuantizer(2, 2, decay=0.9)
    quantizer.codes.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    vectors = torch.tensor([[2.0, 1.0], [4.0, -1.0], [-3.0, 2.0]])
    for _ in range(200):
        quantizer(vectors)
    torch.testing.assert_close(quantizer.codes, torch.tensor([[3.0, 0.0], [-3.0, 2.0]]))
    torch.testing.assert_close(quantizer.counts, torch.tensor([2.0, 1.0]))


def test_dead_codes_come_back_where_vectors_are_and_always_the_same_ones() -> None:
    vectors = 5 + torch.randn(40, 3, generator=generator())
    first, second = VectorQuantizer(8, 3), VectorQuantizer(8, 3)
    for quantizer in (first, second):
        quantizer.codes.copy_(torch.linspace(-8, 5, 24).view(8, 3))
        quantizer(vectors)
        alive = quantizer.counts > 0
        before = quantizer.codes[alive]
        assert quantizer.revive(vectors, generator(3), threshold=1e-4) == int((~alive).sum()) > 0
        assert torch.equal(quantizer.codes[alive], before)
        rows = vectors.tolist()
        assert all(code in rows for code in quantizer.codes[~alive].tolist())
    assert torch.equal(first.codes, second.codes)


def test_perplexity_counts_the_codes_in_even_use() -> None:
    assert perplexity(torch.tensor([5, 5, 5, 0, 0])) == pytest.approx(3)
    assert perplexity(torch.tensor([7, 0])) == pytest.approx(1)
    assert perplexity(torch.tensor([1, 3])) == pytest.approx(math.exp(0.75 * math.log(4 / 3) + 0.25 * math.log(4)))


def test_codes_are_pictures_by_another_name() -> None:
    shape = GridShape(height=16, width=16, channels=3, halvings=1, base=4, blocks=1)
    model = QuantizedVae(shape, codes=6, code_width=3).eval()
    pictures = torch.randn(2, 3, 16, 16, generator=generator())
    numbers = model.encode(pictures)
    assert numbers.shape == (2, model.places) == (2, 64)
    torch.testing.assert_close(model.decode(numbers), model(pictures)[0])


# The learned priors.


def test_the_flow_learns_a_gaussian() -> None:
    torch.manual_seed(0)
    flow = LatentFlow(2, width=32, layers=2)
    optimiser = torch.optim.Adam(flow.parameters(), 3e-3)
    source = generator()
    for _ in range(400):
        latents = torch.tensor([2.0, -1.0]) + torch.tensor([0.5, 1.5]) * torch.randn(128, 2, generator=source)
        noise, time = torch.randn(128, 2, generator=source), torch.rand(128, generator=source)
        loss = flow.loss(latents, noise, time, None)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    drawn = flow.sample(torch.randn(2000, 2, generator=source), None)
    torch.testing.assert_close(drawn.mean(0), torch.tensor([2.0, -1.0]), atol=0.15, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([0.5, 1.5]), atol=0.2, rtol=0)


def test_the_code_prior_draws_by_the_probabilities_that_it_is_trained_on() -> None:
    prior = CodePrior(codes=3, places=2, width=32, layers=1, condition_sizes=[2])
    condition = torch.tensor([[1]])
    pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    with torch.no_grad():
        nats = torch.stack([2 * prior.loss(pair[None], condition) for pair in pairs])
    assert float((-nats).exp().sum()) == pytest.approx(1, abs=1e-5)
    drawn = prior.draw(condition.expand(20_000, 1), torch.rand(20_000, 2, generator=generator()))
    shares = torch.bincount(3 * drawn[:, 0] + drawn[:, 1], minlength=9) / 20_000
    torch.testing.assert_close(shares, (-nats).exp(), atol=0.015, rtol=0)
    likeliest = prior.draw(condition, torch.zeros(1, 2), temperature=0)
    assert torch.equal(likeliest, prior.draw(condition, torch.full((1, 2), 0.99), temperature=0))


def test_the_code_prior_hears_its_condition() -> None:
    prior = CodePrior(codes=3, places=2, width=32, layers=1, condition_sizes=[2, 4])
    for weight in prior.parameters():  # a new decoder's layers write nothing yet
        torch.nn.init.normal_(weight, std=0.3, generator=generator())
    numbers = torch.tensor([[0, 2]])
    rows = torch.tensor([[0, 0], [1, 0], [0, 3], [-1, -1]])
    losses = {prior.loss(numbers, row[None]).item() for row in rows}
    assert len(losses) == 4
