"""Weights that were saved when parts of a network had other names still load: the one place that knows those names."""

from typing import Any

from torch import nn

_OLD_NAMES: dict[str, dict[str, str]] = {
    "UNet": {
        "time": "time_embedding",
        "conditions": "condition_embeddings",
        "shrink": "downsample",
        "grow": "upsample",
    },
    "unet.ResidualBlock": {"tell": "time_proj"},
    "unet.Attention": {"look": "qkv", "gather": "proj"},
    "picture_codec.ResidualBlock": {"first": "conv1", "second": "conv2"},
    "LatentFlow": {"inward": "proj_in", "time": "time_proj"},
    "QuantizedVae": {"quantiser": "quantizer"},
}
"""By network: what its parts were once called, and what they are called now."""


def accept_old_names(network: nn.Module, kind: str) -> None:
    """Let `load_state_dict` of the network, or of whatever holds it, take the old names of its parts."""
    names = _OLD_NAMES[kind]

    def rename(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
        for key in [key for key in state if key.startswith(prefix)]:
            part, dot, rest = key.removeprefix(prefix).partition(".")
            if part in names:
                state[prefix + names[part] + dot + rest] = state.pop(key)

    network.register_load_state_dict_pre_hook(rename)
