"""What a recipe of a GAN can choose: the networks' shape and the rules of the game."""

from dataclasses import dataclass

from fmstudio.families.pictures import PictureSampling
from fmstudio.recipe import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class GanSettings:
    """The [model] section: the shape of generator and discriminator, which mirror each other."""

    latent: int = setting(
        64, "Random numbers that a picture is made from.", minimum=2, maximum=4096, simple=True, unit="numbers"
    )
    features: int = setting(
        32,
        "Channels where features are largest; each halving of the sides doubles them.",
        minimum=4,
        maximum=1024,
        simple=True,
        unit="channels",
    )
    maximum_features: int = setting(
        128, "Channels are never doubled beyond this.", minimum=4, maximum=4096, unit="channels"
    )
    blocks: int = setting(1, "Residual blocks at each size of the features.", minimum=1, maximum=16)
    condition_width: int = setting(
        0,
        "Numbers by which the generator is told a condition, beside those of the latent; with 0 the condition is added "
        "onto the latent, where several attributes blur each other.",
        minimum=0,
        maximum=4096,
        unit="numbers",
    )
    folded: bool = setting(
        False,
        "The generator draws squares of 2 × 2 pixels at once, as the discriminator reads them: about a quarter faster.",
    )
    spatial_shift: bool = setting(
        False,
        "The condition shifts each level of the generator place by place: it learns about three times as fast where "
        "things keep their places, with about twice the generator's parameters.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GameSettings:
    """The [game] section: what both networks play for, and what keeps them in balance."""

    loss: str = setting(
        "relativistic",
        "What is compared: real with generated pictures, which drops no kinds of pictures; each by itself with a "
        "boundary, as in the first GANs; or the distance between both.",
        choices={
            "relativistic": "Relativistic",
            "non-saturating": "Non-saturating",
            "wasserstein": "Wasserstein with gradient penalty",
        },
        simple=True,
    )
    gamma: float = setting(
        0.5,
        "Weight of the gradient penalties R1 and R2 (only R1 with the non-saturating loss): more is calmer and more "
        "varied but learns slower.",
        minimum=0.0,
        maximum=1000.0,
        simple=True,
        logarithmic=True,
    )
    lipschitz: float = setting(
        10.0, "Weight of the Wasserstein loss's gradient penalty.", minimum=0.0, maximum=1000.0, logarithmic=True
    )
    feature_matching: float = setting(
        0.0,
        "How strongly a generated picture is drawn to the real one of the same condition, as the discriminator's "
        "levels see both: learns far faster where conditions tell nearly all of a picture; repeats where they do not.",
        minimum=0.0,
        maximum=1000.0,
        logarithmic=True,
    )
    penalty_share: float = setting(
        0.25,
        "Part of each batch that the gradient penalty is measured on: less is faster, more is steadier.",
        minimum=0.01,
        maximum=1.0,
    )
    shared_drawing: bool = setting(
        False,
        "Both players' updates of a step look at the same generated pictures, so that each step draws once.",
    )
    half_life: int = setting(
        2_000,
        "The generator is drawn from as a running average of its weights; after this many pictures an old weight "
        "counts half.",
        minimum=1,
        maximum=100_000_000,
        title="Average's half-life",
        unit="pictures",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GanSampling(PictureSampling):
    """How pictures are drawn from a GAN."""

    truncation: float = setting(
        1.0,
        "How far latents may be from their mean: below 1 more typical and less varied, above 1 bolder and more often "
        "broken.",
        minimum=0.0,
        maximum=2.0,
        simple=True,
    )
