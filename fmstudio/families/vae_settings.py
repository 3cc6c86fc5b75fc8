"""What a recipe of a variational autoencoder can choose, and how pictures are drawn from one."""

from dataclasses import dataclass

from fmstudio.families.pictures import PictureSampling
from fmstudio.nn.picture_likelihood import LIKELIHOODS
from fmstudio.recipe import setting

GAUSSIAN = ("model.kind", ("gaussian",))
VECTOR_QUANTISED = ("model.kind", ("vector-quantised",))


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeSettings:
    """The [model] section of a recipe."""

    kind: str = setting(
        "gaussian",
        "What a picture becomes: one vector with a Gaussian around it, or a grid of codes from a learned codebook.",
        choices={"gaussian": "Gaussian", "vector-quantised": "Vector-quantised"},
        simple=True,
    )
    latent: int = setting(
        64,
        "Gaussian: numbers in a picture's vector. With 2 the whole latent space can be seen as a map.",
        title="Latent dimensions",
        minimum=1,
        maximum=4096,
        simple=True,
        when=GAUSSIAN,
    )
    width: int = setting(
        32, "Channels at half the picture's size; they double where the size halves.", minimum=4, maximum=512,
        simple=True,
    )  # fmt: skip
    blocks: int = setting(1, "Residual blocks at each size, in encoder and decoder.", minimum=1, maximum=16)
    codebook_size: int = setting(
        256, "Vector-quantised: how many codes there are to choose from.", minimum=2, maximum=65_536, logarithmic=True,
        simple=True, when=VECTOR_QUANTISED,
    )  # fmt: skip
    code_width: int = setting(16, "Vector-quantised: numbers in a code.", minimum=1, maximum=512, when=VECTOR_QUANTISED)
    grid: int = setting(
        8, "Vector-quantised: about how many codes stand along a picture's shorter side.", title="Codes per side",
        minimum=1, maximum=64, when=VECTOR_QUANTISED,
    )  # fmt: skip
    prior: str = setting(
        "learnt",
        "What samples are drawn from: the standard normal (all codes alike), or a small second network that learns "
        "beside the first where latents really lie.",
        choices={"learnt": "Learnt", "standard": "Standard"},
    )
    prior_width: int = setting(
        192, "Numbers in the prior's hidden layers.", minimum=32, maximum=2048, when=("model.prior", ("learnt",))
    )
    prior_layers: int = setting(3, "Layers of the prior.", minimum=1, maximum=48, when=("model.prior", ("learnt",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeObjective:
    """The [objective] section of a recipe."""

    reconstruction: str = setting(
        "laplace", "Which likelihood a reconstruction is judged by: absolute errors keep edges sharper than squared.",
        choices=LIKELIHOODS,
    )  # fmt: skip
    kl_weight: float = setting(
        10.0,
        "Gaussian: how much a nat of KL counts against a nat of likelihood. More gives smoother samples and a tidier "
        "latent space, less gives truer reconstructions; 1 is the evidence bound itself.",
        title="KL weight",
        minimum=0.0,
        maximum=10_000.0,
        logarithmic=True,
        simple=True,
        when=GAUSSIAN,
    )
    kl_warmup_steps: int = setting(
        500,
        "Gaussian: steps over which the KL weight grows from zero, which keeps the posterior from collapsing.",
        title="KL warm-up",
        minimum=0,
        maximum=1_000_000,
        unit="steps",
        when=GAUSSIAN,
    )
    commitment_weight: float = setting(
        0.25, "Vector-quantised: how strongly the encoder is held to the codes that it chooses.", minimum=0.0,
        maximum=100.0, when=VECTOR_QUANTISED,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeSampling(PictureSampling):
    """How pictures are drawn from a VAE."""

    temperature: float = setting(
        1.0, "How far from the usual to draw: below 1 samples are plainer and cleaner.", minimum=0.0, maximum=2.0,
        simple=True,
    )  # fmt: skip
    prior: str = setting(
        "learnt",
        "What latents are drawn from: the learnt prior, if the model has one, or the standard one.",
        choices={"learnt": "Learnt", "standard": "Standard"},
    )
