"""Generative adversarial networks: a generator learns to draw by fooling a discriminator, which learns to tell its
pictures from real ones.

- the game: each real picture shall score higher than a generated one (relativistic loss), while gradient penalties on
  real and generated pictures (R1 and R2) keep the discriminator smooth; with both the game settles (Huang et al. 2024)
- a step is one update of the discriminator, then one of the generator, against the same real pictures
- a gradient penalty costs about three times what scores cost, so only a part of each batch pays it
- with a shared drawing both updates look at the same generated pictures, and the real ones are scored once
- what is drawn, saved and validated is a running average of the generator, calmer than its last weights
- validation: the distance of generated from held-back pictures, and how varied both are; where held-back pictures
  score far below those trained on, the discriminator remembers instead of seeing
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fmstudio.families.chance import noise, uniform
from fmstudio.families.family import Learner, Network, Phase, Recipe, ValidationResult
from fmstudio.families.gan_model import GanModel, save_gan
from fmstudio.families.gan_settings import GameSettings
from fmstudio.families.pictures import UNIT, PictureMixture, to_uint8
from fmstudio.jobs import Event, Note, Sample
from fmstudio.nn.adversarial import PictureGenerator
from fmstudio.nn.adversarial_losses import LOSSES, feature_distance, play
from fmstudio.nn.averaging import WeightAverage
from fmstudio.nn.picture_measures import diversity, sliced_wasserstein
from fmstudio.nn.precision import convolution_autocast

SHOWN = 36
"""Pictures in the grid that is drawn from the same latents throughout a run."""

VALIDATED, VALIDATED_AT_ONCE = 256, 64
"""Held-back pictures of a validation, and as many generated ones; and how many before other jobs may go first."""

COMPARED = 32
"""Pictures among which diversity is measured; it depends on their number."""

COLLAPSED = 0.5
"""Generated pictures with less than this part of the real ones' diversity raise the alarm."""

STEADY = 0.05
"""Part of the latest batch in the running average of diversities that the alarm looks at between validations."""

WARM_UP = 200
"""Steps before the alarm can sound: a generator begins with one grey picture and has to find its ways first."""

LATENTS, PLACES, FIXED = 11, 12, 13
"""Streams of chance."""

GanBatch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Real pictures; their conditions; (batch, 2, latent), one latent for each player's update; (batch,) for WGAN-GP."""

Loss = Callable[[GanBatch], tuple[Tensor, Mapping[str, Tensor]]]


def diversities(real: Tensor, generated: Tensor) -> dict[str, Tensor]:
    """How varied both are, by name, each averaged over sets of a fixed size; of fewer pictures there is one set."""
    whole = len(real) - len(real) % COMPARED or len(real)
    return {
        f"diversity/{name}": torch.stack([diversity(part) for part in pictures[:whole].split(COMPARED)]).mean()
        for name, pictures in (("real", real), ("generated", generated))
    }


def collapse(seen: Mapping[str, Tensor], recipe: Recipe) -> str:
    """A sentence that names mode collapse and says what to change, or nothing where all is well.

    seen: what `diversities` measured.
    """
    generated, real = (float(seen[f"diversity/{name}"]) for name in ("generated", "real"))
    if generated >= COLLAPSED * real:
        return ""
    game, training = recipe.sections["game"], recipe.training
    penalty = "lipschitz" if game.loss == "wasserstein" else "gamma"
    return (
        f"Mode collapse: generated pictures are only {generated / real:.0%} as varied as real ones; raise "
        f"game.{penalty} (now {getattr(game, penalty):g}), lower training.learning_rate (now "
        f"{training.learning_rate:g}), or give it larger batches or more pictures."
    )


class GanNetwork(Network):
    """Both players, and the average of the generator."""

    def __init__(self, model: GanModel, recipe: Recipe) -> None:
        self.generator, self.discriminator = model.generator, model.discriminator
        self._conditions, self._rows = model.conditions, model.rows
        half_life = recipe.sections["game"].half_life
        self.average = WeightAverage(self.generator, 0.5 ** (recipe.training.batch_size / half_life))
        self.modules = {"generator": self.generator, "discriminator": self.discriminator, "average": self.average}

    def meaning(self) -> Mapping[str, Any]:
        """Which value of each condition has which number."""
        return {"conditions": self._conditions.to_json()}

    def save(self, folder: Path) -> None:
        """Write the averaged generator and the discriminator."""
        generator = self.average.module
        assert isinstance(generator, PictureGenerator)
        save_gan(folder, GanModel(generator, self.discriminator, self._conditions, self._rows))


class GanLearner(GanNetwork, Learner):
    """Both players, the average of the generator, and the pictures that they play with."""

    unit = UNIT

    def __init__(self, model: GanModel, recipe: Recipe, data: PictureMixture, device: torch.device) -> None:
        model.generator.to(device), model.discriminator.to(device)
        super().__init__(model, recipe)
        self._recipe, self._data, self._device = recipe, data, device
        self._game: GameSettings = recipe.sections["game"]
        self._loss = LOSSES[self._game.loss]
        self.units_per_step = recipe.training.batch_size
        self._shared: dict[int, tuple[Tensor, Tensor, Sequence[Tensor]]] = {}
        self._warned = False
        self._seen: dict[str, Tensor] = {}
        self._validated: dict[str, Tensor] = {}

    def compile(self) -> None:
        """Only the generator: what torch compiles cannot be differentiated twice, as the gradient penalties need."""
        self.generator.compile()

    def phases(self) -> list[Phase]:
        """The discriminator's update, then the generator's."""
        return [
            Phase("discriminator", self.discriminator, self._at_speed(self._discriminator_loss)),
            Phase("generator", self.generator, self._at_speed(self._generator_loss)),
        ]

    def _at_speed(self, loss: Loss) -> Loss:
        """The loss in the number format that is fastest; slopes are measured in full precision all the same."""

        def at_speed(batch: GanBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
            with convolution_autocast(self._device, self._recipe.training.precision):
                return loss(batch)

        return at_speed

    def batch(self, step: int) -> GanBatch:
        """Real pictures and all the chance of a step: a pure function of seed and step."""
        seed, count = self._recipe.training.seed, self._recipe.training.batch_size
        pictures, conditions = self._data.batch(seed, step, count)
        drawn = noise((count, 2, self.generator.shape.latent), seed, step, LATENTS)
        places = uniform(count, seed, step, PLACES)
        device = self._device
        return pictures.to(device), conditions.to(device), drawn.to(device), places.to(device)

    def _discriminator_loss(self, batch: GanBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Tell real from generated, with slopes kept small where the game's loss wants it."""
        real, conditions, drawn, places = batch
        shared = self._game.shared_drawing and torch.is_grad_enabled()
        with torch.set_grad_enabled(shared):
            drawing = self.generator(drawn[:, 0], conditions).float()
        generated = drawing.detach()
        count = max(1, round(self._game.penalty_share * len(real)))
        scores = play(self._loss, self.discriminator.judge, real, generated, conditions, places, count)
        if shared:
            self._shared[drawn.data_ptr()] = drawing, scores.real.detach(), scores.features
        loss = self._loss.discriminator(scores.real, scores.generated)
        weight = self._game.lipschitz if self._game.loss == "wasserstein" else self._game.gamma / 2
        penalty = sum((scores.penalties[name] for name in self._loss.penalised), torch.zeros_like(loss))
        varied = diversities(real[:COMPARED], generated[:COMPARED])
        scored = {"score/real": scores.real.detach(), "score/generated": scores.generated.detach()}
        # One batch of a few pictures alike is no reason for an alarm, so their diversity is averaged over many steps.
        steady = {name: torch.lerp(self._seen.get(name, value), value, STEADY) for name, value in varied.items()}
        self._seen = scored | steady
        return loss + weight * penalty, {
            "loss/discriminator": loss,
            **{f"gradient_penalty/{name}": value for name, value in scores.penalties.items()},
            **{name: values.mean() for name, values in scored.items()},
            **varied,
        }

    def _generator_loss(self, batch: GanBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Draw what scores as real pictures do.

        Of a shared drawing the generated pictures are scored anew, by what the discriminator has become; what it
        thought of the real ones before its update is near enough.
        """
        real, conditions, drawn, _ = batch
        drawing, real_scores, real_features = self._shared.pop(drawn.data_ptr(), (None, None, None))
        weight = self._game.feature_matching
        if drawing is None:
            drawing = self.generator(drawn[:, 1], conditions)
        with _held(self.discriminator):
            scores, features = self.discriminator.judge(drawing, conditions)
            if real_scores is None and (self._loss.relativistic or weight):
                # Only a loss that compares scores reaches the generator's gradient through these, and that is constant.
                with torch.no_grad():
                    real_scores, real_features = self.discriminator.judge(real, conditions)
        scores = scores.float()
        loss = self._loss.generator(scores if real_scores is None else real_scores.float(), scores)
        seen = {"loss/generator": loss}
        if weight and real_features is not None:
            seen["loss/features"] = feature_distance([real, *real_features], [drawing, *features])
            loss = loss + weight * seen["loss/features"]
        return loss, seen

    def after_step(self, step: int) -> None:
        """Move the average, and forget what was drawn with the generator as it was."""
        self._shared.clear()
        self.average.update(self.generator, step)

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """Distance of the averaged generator's pictures from held-back ones, and what the discriminator thinks."""
        real, conditions = self._data.validation(VALIDATED)
        drawn = self._fixed_latents(len(real))
        generated, scores = [], []
        for each in torch.arange(len(real)).split(VALIDATED_AT_ONCE):
            wanted = conditions[each].to(self._device)
            generated.append(self.average(drawn[each].to(self._device), wanted).float().cpu())
            scores.append(self.discriminator(real[each].to(self._device), wanted).float().cpu())
            yield
        pictures = torch.cat(generated).clamp(-1, 1)
        distance = float(sliced_wasserstein(real, pictures))
        self._validated = diversities(real, pictures)
        metrics = {
            "distance/validation": distance,
            "score/validation": float(torch.cat(scores).mean()),
            "diversity/validation": float(self._validated["diversity/real"]),
            "diversity/average": float(self._validated["diversity/generated"]),
        }
        return ValidationResult(distance, metrics)

    def samples(self, step: int) -> Iterator[Event]:
        """Pictures of the average from latents that never change; the first time that they are too alike, the alarm."""
        with torch.no_grad():
            wanted = self._rows[torch.arange(SHOWN) % len(self._rows)]
            pictures = self.average(self._fixed_latents(SHOWN).to(self._device), wanted.to(self._device))
        yield Sample("sample", "images", to_uint8(pictures), step)
        sentence = self._alarm(self._validated, step)
        if sentence and not self._warned:
            self._warned = True
            yield Note(sentence, "warning")

    def glimpses(self, step: int) -> Iterator[Event]:
        """How the discriminator scored the latest batch, for two live histograms, and whether the game collapses."""
        if self._seen:
            yield self.scores(self._seen, step)

    def scores(self, seen: Mapping[str, Tensor], step: int) -> Sample:
        """What `look` or a training step saw, as an event."""
        data: dict[str, Any] = {name: seen[f"score/{name}"].tolist() for name in ("real", "generated")}
        return Sample("scores", "scores", data | {"collapse": self._alarm(seen, step)}, step)

    @torch.no_grad()
    def look(self) -> dict[str, Tensor]:
        """Scores and diversity of held-back pictures and of fixed latents' pictures, as both players now are."""
        real, conditions = (part.to(self._device) for part in self._data.validation(VALIDATED_AT_ONCE))
        generated = self.generator(self._fixed_latents(len(real)).to(self._device), conditions).float()
        return {
            "score/real": self.discriminator(real, conditions).float(),
            "score/generated": self.discriminator(generated, conditions).float(),
            **diversities(real, generated),
        }

    def _fixed_latents(self, count: int) -> Tensor:
        return noise((count, self.generator.shape.latent), self._recipe.training.seed, 0, FIXED)

    def _alarm(self, seen: Mapping[str, Tensor], step: int) -> str:
        return collapse(seen, self._recipe) if seen and step >= WARM_UP else ""


@contextmanager
def _held(network: nn.Module) -> Iterator[None]:
    """Gradients pass through the network, but none are computed for its own weights."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
