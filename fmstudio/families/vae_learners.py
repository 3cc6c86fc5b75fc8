"""How both kinds of variational autoencoder learn: their losses, their validation, and what they show on the way.

Each has two phases a step: the autoencoder's, and that of its prior, which learns from the encoder's latents without
changing them.
"""

import math
from abc import abstractmethod
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.families.chance import noise, uniform
from fmstudio.families.family import Learner, Network, Phase, Recipe, ValidationResult
from fmstudio.families.pictures import UNIT, PictureMixture, to_uint8
from fmstudio.families.vae_model import GaussianModel, QuantizedModel, VaeModel
from fmstudio.families.vae_settings import VaeObjective
from fmstudio.jobs import Event, Note, Sample
from fmstudio.nn.gaussian_vae import PosteriorMeter, kl_per_dimension
from fmstudio.nn.picture_likelihood import negative_log_likelihood
from fmstudio.nn.vector_quantizer import perplexity

VALIDATION_PICTURES, VALIDATION_BATCH = 512, 128
SHOWN, SHOWN_PAIRS = 16, 8
PRIOR_DRAWS = 8
"""Noises and times that the prior learns from for each picture's latent: it is small, so more of them cost little."""

PRIOR_SHARE = 0.375
"""Part of a batch whose codes the prior learns from: it reads them one by one, which costs more than to encode them."""

REVIVE_EVERY = 10
"""Steps between two searches for codes that nobody chooses."""

GREY_LEVELS = 127.5
_NOISE, _OPEN, _REVIVAL, _VALIDATION = 11, 12, 13, 14  # streams of chance
FIELD_DROPOUT, ALL_DROPOUT = 0.2, 0.1
"""How often a field, or all fields, are kept from the networks, so that they can later be left open."""


class VaeNetwork(Network):
    """Encoder, decoder and prior."""

    def __init__(self, model: VaeModel) -> None:
        self.model = model
        self.modules = model.networks

    def meaning(self) -> Mapping[str, Any]:
        """Which value of each condition has which number."""
        return {"conditions": self.model.conditions.to_json()}

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        self.model.save(folder)


class VaeLearner(VaeNetwork, Learner):
    """What both kinds share. A batch is (pictures, conditions, noise, KL weight), all of the batch's length."""

    unit = UNIT

    def __init__(self, model: VaeModel, recipe: Recipe, pictures: PictureMixture, device: torch.device) -> None:
        super().__init__(model.to(device))
        self.units_per_step = recipe.training.batch_size
        self._recipe, self._device = recipe, device
        self._objective: VaeObjective = recipe.sections["objective"]
        self._pictures = pictures
        self._held_back = pictures.validation(VALIDATION_PICTURES)
        self._numbers = model.height * model.width * model.channels
        self._trouble, self._warned = 0, False

    def phases(self) -> list[Phase]:
        """The autoencoder, then the prior, which learns from the encoder's latents without changing them."""
        found = [Phase("autoencoder", self.model.autoencoder, self._autoencoder_loss)]
        if self.model.prior is not None:
            found.append(Phase("prior", self.model.prior, self._prior_loss))
        return found

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """All of it a pure function of seed and step."""
        training = self._recipe.training
        pictures, conditions = self._pictures.batch(training.seed, step, training.batch_size)
        conditions = _condition_dropout(conditions, training.seed, step)
        chance = noise((len(pictures), self._noise_width()), training.seed, step, _NOISE)
        weight = torch.full((len(pictures),), self._kl_weight(step))
        return tuple(each.to(self._device) for each in (pictures, conditions, chance, weight))

    def _kl_weight(self, step: int) -> float:
        warm_up = self._objective.kl_warmup_steps
        return self._objective.kl_weight * (min(1.0, step / warm_up) if warm_up else 1.0)

    def _likelihood_loss(self, pictures: Tensor, drawn: Tensor) -> Tensor:
        return negative_log_likelihood(pictures, drawn, self._objective.reconstruction)

    @abstractmethod
    def _noise_width(self) -> int:
        """Normal numbers that a step draws for each picture."""

    @abstractmethod
    def _autoencoder_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]: ...

    @abstractmethod
    def _prior_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]: ...

    @abstractmethod
    def _warning(self) -> str:
        """What has gone wrong by the last validation and what to do, or nothing."""

    def _validation_batches(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Held-back pictures, their conditions and noise that is always the same."""
        pictures, conditions = self._held_back
        chance = noise((len(pictures), self._noise_width()), 0, 0, _VALIDATION)
        for parts in zip(*(each.split(VALIDATION_BATCH) for each in (pictures, conditions, chance)), strict=True):
            yield parts[0].to(self._device), parts[1].to(self._device), parts[2].to(self._device)

    def samples(self, step: int) -> Iterator[Event]:
        """Pictures of always the same noise; originals each beside its reconstruction; a warning where one is due."""
        open_conditions = self._held_back[1].new_full((SHOWN, len(self.model.conditions.fields)), -1).to(self._device)
        drawn = self.model.draw(open_conditions, range(SHOWN), self._recipe.training.seed, 1.0, True)
        yield Sample("sample", "images", to_uint8(self.model.decode(drawn, open_conditions)), step)
        originals, conditions = (each[:SHOWN_PAIRS].to(self._device) for each in self._held_back)
        again = self.model.decode(self.model.encode(originals), conditions)
        pairs = torch.stack([originals, again], dim=1).flatten(0, 1)
        yield Sample("reconstruction", "images", to_uint8(pairs), step)
        if step > self._objective.kl_warmup_steps:
            yield from self._warn()

    def _warn(self) -> Iterator[Event]:
        """Say once what has gone wrong, if the validation before has found it too: a young encoder may yet wake up."""
        sentence = self._warning()
        self._trouble = self._trouble + 1 if sentence else 0
        if self._trouble > 1 and not self._warned:
            self._warned = True
            yield Note(sentence, "warning")


def _condition_dropout(conditions: Tensor, seed: int, step: int) -> Tensor:
    """The conditions with some fields, and sometimes all, not given."""
    if not conditions.shape[1]:
        return conditions
    chance = uniform(len(conditions) * (conditions.shape[1] + 1), seed, step, _OPEN).view(len(conditions), -1)
    hidden = (chance[:, 1:] < FIELD_DROPOUT) | (chance[:, :1] < ALL_DROPOUT)
    return conditions.masked_fill(hidden, -1)


class GaussianLearner(VaeLearner):
    """The evidence lower bound, and a flow that learns where latents lie."""

    model: GaussianModel
    _encoded: tuple[Tensor, Tensor, Tensor] | None = None
    """The pictures that the autoencoder's phase has just seen, with their means and log variances."""

    def _noise_width(self) -> int:
        return self.model.latent + PRIOR_DRAWS * (self.model.latent + 1)

    def _autoencoder_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
        pictures, conditions, chance, weight = batch
        drawn, _, mean, log_variance = self.model.autoencoder(pictures, chance[:, : self.model.latent], conditions)
        self._encoded = pictures, mean.detach(), log_variance.detach()
        kl = kl_per_dimension(mean, log_variance).sum(1)
        loss = (self._likelihood_loss(pictures, drawn) + (weight * kl).mean()) / self._numbers
        error = GREY_LEVELS * (pictures - drawn).detach().abs().mean()
        return loss, {"loss/training": loss, "reconstruction/training": error, "kl/training": kl.mean()}

    def _prior_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
        pictures, conditions, chance, _ = batch
        mean, log_variance = self._posterior_of(pictures)
        loss = self._flow_loss(mean, log_variance, conditions, chance)
        return loss, {"prior/training": loss}

    def _posterior_of(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log variances, without a gradient, and without encoding what was encoded a moment ago."""
        if self._encoded is not None and self._encoded[0] is pictures:
            return self._encoded[1], self._encoded[2]
        with torch.no_grad():
            mean, log_variance = self.model.autoencoder.encode(pictures)
        return mean, log_variance

    def after_step(self, step: int) -> None:
        """Forget the step's pictures."""
        self._encoded = None

    def _flow_loss(self, mean: Tensor, log_variance: Tensor, conditions: Tensor, chance: Tensor) -> Tensor:
        """On draws of the posteriors. Times are logit-normal: most lie where the way is decided (Esser et al. 2024)."""
        assert self.model.prior is not None
        own, others = chance.split([self.model.latent, PRIOR_DRAWS * (self.model.latent + 1)], dim=1)
        latents = (mean + own * torch.exp(0.5 * log_variance)).repeat_interleave(PRIOR_DRAWS, 0)
        others = others.reshape(len(latents), -1)
        return self.model.prior.loss(
            latents, others[:, 1:], others[:, 0].sigmoid(), conditions.repeat_interleave(PRIOR_DRAWS, 0)
        )

    def validate(self) -> Generator[None, None, ValidationResult]:
        """The bound at the full KL weight, its two parts, and how many dimensions are in use."""
        self._posterior = PosteriorMeter()
        totals = np.zeros(3)
        for pictures, conditions, chance in self._validation_batches():
            with torch.no_grad():
                drawn, _, mean, log_variance = self.model.autoencoder(
                    pictures, chance[:, : self.model.latent], conditions
                )
                likelihood = self._likelihood_loss(pictures, drawn)
                error = GREY_LEVELS * (pictures - drawn).abs().mean()
                flow = self._flow_loss(mean, log_variance, conditions, chance) if self.model.prior is not None else 0.0
            self._posterior.add(mean, log_variance)
            totals += len(pictures) * np.array([float(likelihood), float(error), float(flow)])
            yield
        likelihood_mean, error_mean, flow_mean = (totals / len(self._held_back[0])).tolist()
        kl = float(self._posterior.kl.sum())
        score = (likelihood_mean + self._objective.kl_weight * kl) / self._numbers
        metrics = {
            "loss/validation": score,
            "reconstruction/validation": error_mean,
            "kl/validation": kl,
            "active_dimensions/validation": float(self._posterior.active),
        }
        return ValidationResult(
            score, metrics | ({"prior/validation": flow_mean} if self.model.prior is not None else {})
        )

    def _warning(self) -> str:
        return posterior_collapse(self._posterior.active, self.model.latent)


def posterior_collapse(active: int, latent: int) -> str:
    """A sentence where no dimension is in use, or nothing."""
    if active:
        return ""
    return (
        f"Posterior collapse: none of the {latent} latent dimensions tells one picture from another, so the decoder "
        "draws the same picture for all; lower objective.kl_weight or raise objective.kl_warmup_steps, and start a "
        "new run."
    )


class QuantizedLearner(VaeLearner):
    """The picture's likelihood through a codebook, and a decoder that learns which codes stand together."""

    model: QuantizedModel
    _vectors: Tensor | None = None

    def _noise_width(self) -> int:
        return 0

    def _autoencoder_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
        pictures = batch[0]
        drawn, vectors, _, commitment = self.model.autoencoder(pictures)
        self._vectors = vectors.detach().flatten(0, 1)
        loss = self._likelihood_loss(pictures, drawn) / self._numbers
        loss = loss + self._objective.commitment_weight * commitment
        error = GREY_LEVELS * (pictures - drawn).detach().abs().mean()
        return loss, {"loss/training": loss, "reconstruction/training": error, "commitment/training": commitment}

    def _prior_loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
        assert self.model.prior is not None
        count = math.ceil(len(batch[0]) * PRIOR_SHARE)
        loss = self.model.prior.loss(self.model.codes(batch[0][:count]), batch[1][:count])
        return loss, {"prior/training": loss}

    def after_step(self, step: int) -> None:
        """Put codes that nobody chooses to where pictures are; late in the run the codes are left in peace."""
        training, vectors = self._recipe.training, self._vectors
        self._vectors = None
        due = step % REVIVE_EVERY == 1 and step <= max(1, int((1 - training.decay_fraction) * training.steps))
        if vectors is not None and due:
            first = int(uniform(1, training.seed, step, _REVIVAL) * 2**31)
            self.model.autoencoder.quantizer.revive(vectors, torch.Generator().manual_seed(first))

    def validate(self) -> Generator[None, None, ValidationResult]:
        """All nats of a picture: those of its codes under the prior and those of its numbers given the codes."""
        counts = torch.zeros(self.model.settings.codebook_size)
        totals = np.zeros(3)
        for pictures, conditions, _ in self._validation_batches():
            with torch.no_grad():
                drawn, _, numbers, _ = self.model.autoencoder(pictures)
                likelihood = self._likelihood_loss(pictures, drawn)
                error = GREY_LEVELS * (pictures - drawn).abs().mean()
                prior = self.model.prior.loss(numbers, conditions) if self.model.prior is not None else 0.0
            counts += torch.bincount(numbers.flatten().cpu(), minlength=len(counts))
            totals += len(pictures) * np.array([float(likelihood), float(error), float(prior)])
            yield
        likelihood_mean, error_mean, prior_mean = (totals / len(self._held_back[0])).tolist()
        if self.model.prior is None:
            prior_mean = math.log(len(counts))
        score = (likelihood_mean + prior_mean * self.model.autoencoder.places) / self._numbers
        self._used = int((counts > 0).sum())
        metrics = {
            "loss/validation": score,
            "reconstruction/validation": error_mean,
            "prior/validation": prior_mean,
            "codebook/used": float(self._used),
            "codebook/perplexity": perplexity(counts),
        }
        return ValidationResult(score, metrics)

    def _warning(self) -> str:
        return codebook_collapse(self._used, self.model.settings.codebook_size)


def codebook_collapse(used: int, size: int) -> str:
    """A sentence where hardly a code is in use, or nothing."""
    if used > max(1, size // 32):
        return ""
    return (
        f"Codebook collapse: only {used} of the {size} codes are in use; lower training.learning_rate or raise "
        "objective.commitment_weight, and start a new run."
    )
