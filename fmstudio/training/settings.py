"""How to train: the settings that every family shares. A family may change their defaults, not their meaning."""

from dataclasses import dataclass

from fmstudio.recipe import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """The [training] section of a recipe."""

    steps: int = setting(
        1000, "How many updates to make, each from one batch.", minimum=1, maximum=10_000_000, simple=True, unit="steps"
    )
    minutes: float = setting(
        0.0,
        "Train for this long instead of a number of steps: the end, and the learning rate on the way to it, follow the "
        "clock, however busy the machine is. 0 means use steps.",
        minimum=0,
        maximum=100_000,
        simple=True,
        unit="min",
    )
    seed: int = setting(
        0,
        "Where all chance begins: the same seed on the same machine gives the same model.",
        minimum=0,
        maximum=2**31 - 1,
        simple=True,
    )
    batch_size: int = setting(
        16, "How many sequences or pictures are seen at each step.", minimum=1, maximum=65_536, logarithmic=True
    )
    accumulation: int = setting(
        1,
        "How many parts a batch is worked through in: more parts need less memory and give the same update.",
        minimum=1,
        maximum=1024,
        title="Gradient accumulation",
    )
    optimiser: str = setting(
        "muon",
        "Muon orthogonalises the update of each matrix and learns fastest here; AdamW is the common standard.",
        choices={"muon": "Muon", "adamw": "AdamW"},
    )
    learning_rate: float = setting(
        0.02,
        "Size of an update: of the hidden layers' matrices under Muon, of everything under AdamW (there about 0.001).",
        minimum=0.0,
        maximum=10.0,
        logarithmic=True,
    )
    adam_learning_rate: float = setting(
        0.003,
        "Under Muon, the learning rate of what is no hidden matrix: embeddings, norms and biases.",
        minimum=0.0,
        maximum=10.0,
        logarithmic=True,
        title="Learning rate of the rest",
    )
    momentum: float = setting(
        0.95, "Under Muon, how much of an update comes from the steps before.", minimum=0.0, maximum=0.9999
    )
    adam_beta1: float = setting(
        0.9,
        "Under AdamW, how much of an update's direction comes from the steps before; adversarial training wants 0.",
        minimum=0.0,
        maximum=0.9999,
        title="AdamW's first average",
    )
    adam_beta2: float = setting(
        0.95,
        "Under AdamW, how slowly its measure of each weight's usual gradient changes.",
        minimum=0.0,
        maximum=0.99999,
        title="AdamW's second average",
    )
    schedule: str = setting(
        "warmup-stable-decay",
        "How the learning rate changes: hold it and let it fall at the end, follow a cosine, or keep it.",
        choices={"warmup-stable-decay": "Warm-up, stable, decay", "cosine": "Cosine", "constant": "Constant"},
    )
    warmup_steps: int = setting(
        20, "Steps over which the learning rate rises from zero.", minimum=0, maximum=1_000_000, unit="steps"
    )
    decay_fraction: float = setting(
        0.4, "The last part of the run, in which the learning rate falls.", minimum=0.0, maximum=1.0
    )
    final_fraction: float = setting(
        0.0, "What is left of the learning rate at the end, as a part of its peak.", minimum=0.0, maximum=1.0
    )
    weight_decay: float = setting(
        0.0, "How strongly weights are pulled to zero at each step.", minimum=0.0, maximum=10.0
    )
    gradient_clip: float = setting(
        1.0, "Gradients longer than this are shortened to it. 0 leaves them as they are.", minimum=0.0, maximum=1e6
    )
    evaluate_every: int = setting(
        100,
        "Steps between two validations, each with a sample.",
        minimum=1,
        maximum=10_000_000,
        unit="steps",
        title="Validate every",
    )
    checkpoint_every: int = setting(
        250, "Steps between two checkpoints to resume from.", minimum=1, maximum=10_000_000, unit="steps"
    )
    keep_checkpoints: int = setting(
        2, "How many checkpoints to keep; one more than one survives a damaged file.", minimum=1, maximum=1000
    )
    keep: str = setting(
        "best",
        "Which weights become the model: those with the best validation, or the last.",
        choices={"best": "The best validation's", "last": "The last step's"},
        title="Keep which model",
    )
    patience: int = setting(
        0,
        "Stop early after this many validations without a better one. 0 never stops early.",
        minimum=0,
        maximum=100_000,
        title="Early stopping after",
        unit="validations",
    )
    device: str = setting(
        "auto",
        "Where to compute; auto takes a CUDA or Apple GPU when there is one.",
        choices={"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"},
    )
    precision: str = setting(
        "auto",
        "Number format of the products; auto takes bfloat16 where that is much faster: on most GPUs, and for "
        "diffusion on processors with matrix units.",
        choices={"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"},
    )
    compile: str = setting(
        "auto",
        "Let torch compile the network: slow to begin, faster after; auto does so for long runs on CUDA.",
        choices={"auto": "Automatic", "always": "Always", "never": "Never"},
    )
