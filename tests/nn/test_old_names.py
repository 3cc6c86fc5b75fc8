"""Weights saved under the names that parts of a network once had: they load, and nothing else is taken for them."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from fmstudio.nn.averaging import WeightAverage
from fmstudio.nn.latent_flow import LatentFlow
from fmstudio.nn.picture_codec import GridShape
from fmstudio.nn.quantized_vae import QuantizedVae
from fmstudio.nn.unet import UNet, UNetShape

GRID = GridShape(height=8, width=8, channels=1, halvings=2, base=4, blocks=1)

NETWORKS: dict[str, tuple[Callable[[], nn.Module], dict[str, str]]] = {
    "unet": (
        lambda: UNet(UNetShape(width=16, attention=True, conditions=(2,))),
        {
            "time.0.bias": "time_embedding.0.bias",
            "conditions.0.weight": "condition_embeddings.0.weight",
            "shrink.0.weight": "downsample.0.weight",
            "grow.0.bias": "upsample.0.bias",
            "down.0.1.tell.weight": "down.0.1.time_proj.weight",
            "attention.look.weight": "attention.qkv.weight",
            "attention.gather.bias": "attention.proj.bias",
        },
    ),
    "quantized vae": (
        lambda: QuantizedVae(GRID, codes=4, code_width=2),
        {
            "encoder.layers.2.first.weight": "encoder.layers.2.conv1.weight",
            "decoder.layers.0.second.bias": "decoder.layers.0.conv2.bias",
            "quantiser.codes": "quantizer.codes",
        },
    ),
    "flow": (
        lambda: LatentFlow(2, 8, 1),
        {"inward.weight": "proj_in.weight", "time.bias": "time_proj.bias"},
    ),
}
"""How each network is made, and for some of its weights the name that an earlier version saved it under."""


def stirred(network: nn.Module, seed: int) -> nn.Module:
    chance = torch.Generator().manual_seed(seed)
    for tensor in network.state_dict().values():
        tensor.normal_(generator=chance)
    return network


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("wrap", [lambda network: network, lambda network: WeightAverage(network, 0.9)])
def test_old_names_load(kind: str, wrap: Callable[[nn.Module], nn.Module]) -> None:
    make, names = NETWORKS[kind]
    saved, opened = wrap(stirred(make(), 1)), wrap(stirred(make(), 2))
    state = saved.state_dict()
    prefix = "module." if isinstance(saved, WeightAverage) else ""
    old = {**state}
    for before, after in names.items():
        old[prefix + before] = old.pop(prefix + after)
    opened.load_state_dict(old)
    for name, tensor in opened.state_dict().items():
        torch.testing.assert_close(tensor, state[name], atol=0, rtol=0)


def test_a_name_that_no_version_had_is_still_refused() -> None:
    make, _ = NETWORKS["unet"]
    state = make().state_dict()
    state["reduce.0.weight"] = state.pop("downsample.0.weight")
    with pytest.raises(RuntimeError, match=r"downsample\.0\.weight"):
        make().load_state_dict(state)
