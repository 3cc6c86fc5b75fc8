"""What a recipe of a diffusion model can choose, and how pictures are drawn from one."""

from dataclasses import dataclass
from typing import Any

from fmstudio.families.pictures import PictureSampling
from fmstudio.nn.samplers import SAMPLER_TITLES
from fmstudio.recipe import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetSettings:
    """The [model] section: the U-Net's shape."""

    width: int = setting(
        64,
        "Channels at the highest resolution; each halving of the sides adds as many.",
        minimum=16,
        maximum=1024,
        simple=True,
        unit="channels",
    )
    levels: int = setting(2, "How many resolutions there are, each half of the one before.", minimum=1, maximum=6)
    blocks: int = setting(
        2,
        "Residual blocks at each resolution but the lowest, on the way down and again on the way up.",
        minimum=1,
        maximum=16,
        simple=True,
    )
    middle: int = setting(2, "Residual blocks at the lowest resolution.", minimum=1, maximum=64, title="Middle blocks")
    patch: int = setting(
        2,
        "Side of the squares of pixels that are folded into channels first: 2 is four times as fast as 1.",
        choices=(1, 2, 4, 8),
    )
    attention: bool = setting(
        False, "Let every place look at every other at the lowest resolution; slower, and better on varied pictures."
    )
    embedding: int = setting(
        48, "Numbers that tell each block the time and the condition.", minimum=8, maximum=2048, unit="numbers"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionObjective:
    """The [objective] section: how pictures are made noisy, and what the network must say of them."""

    path: str = setting(
        "flow",
        "How a picture becomes noise: in a straight line, or in the 1,000 steps of DDPM.",
        choices={"flow": "Flow matching", "ddpm": "DDPM"},
        simple=True,
    )
    prediction: str = setting(
        "v",
        "What the network is asked for: the noise, the clean picture, or the velocity, which is the way from one to "
        "the other.",
        choices={"v": "Velocity (v)", "epsilon": "Noise (ε)", "x0": "Clean picture (x₀)"},
        simple=True,
    )
    schedule: str = setting(
        "linear",
        "Under DDPM, how the noise grows from step to step.",
        choices={"linear": "Linear", "cosine": "Cosine"},
        when=("objective.path", ("ddpm",)),
    )
    times: str = setting(
        "uniform",
        "Which noise levels are trained most: all alike, or those in the middle, where most is decided.",
        choices={"uniform": "All alike", "logit-normal": "The middle (logit-normal)"},
    )
    condition_dropout: float = setting(
        0.1,
        "How often a picture's condition is hidden, so that the network can also draw without one and guidance works.",
        minimum=0.0,
        maximum=1.0,
    )
    half_life: int = setting(
        10_000,
        "Pictures are drawn with a running average of the weights; after this many pictures an old weight counts half.",
        minimum=1,
        maximum=100_000_000,
        title="Average's half-life",
        unit="pictures",
    )


def sampler_setting() -> Any:
    """Which way to walk back from noise; wherever pictures are drawn, it is asked for in the same words."""
    return setting(
        "dpm-solver++",
        "How to get from one noise level to the next. DPM-Solver++ needs the fewest steps; Heun asks the network twice "
        "a step; DDPM ancestral draws fresh noise at every step.",
        choices=SAMPLER_TITLES,
        simple=True,
    )


def steps_setting(default: int) -> Any:
    """In how many steps to walk back."""
    return setting(
        default,
        "Steps from noise to picture: more are finer and slower; DDPM's own sampler wants some hundreds.",
        minimum=1,
        maximum=1000,
        simple=True,
        unit="steps",
    )


def guidance_setting() -> Any:
    """How much a condition counts."""
    return setting(
        1.0,
        "How strongly to follow the condition (classifier-free guidance): 1 as it was learnt, 0 not; above 1 "
        "exaggerates what the condition changes, and asks the network twice.",
        minimum=0.0,
        maximum=30.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionSampling(PictureSampling):
    """How pictures are drawn from a diffusion model."""

    sampler: str = sampler_setting()
    steps: int = steps_setting(12)
    guidance: float = guidance_setting()
    eta: float = setting(0.0, "Under DDIM, how much of the noise is drawn anew at each step.", minimum=0.0, maximum=1.0)
