"""A whole model of a base and its adapter: each adapted matrix with the adapter worked into it, in float32.

W + s B A is computed from the base's exact numbers and kept in float32. What is rounded to a coarser kind afterwards
is rounded once, by whoever does that; merging into weights that are quantised already would round twice.
"""

import torch
from torch import nn

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import AdaptedLinear, merged_weight
from fmstudio.runtimes.text import LanguageModel


@torch.no_grad()
def merged(model: LanguageModel) -> LanguageModel:
    """The model without an adapter that computes what this one does, with all weights in float32.

    A model that has no adapter comes out as it is, unpacked. The adapter is worked in as strong as it is now.
    """
    with torch.device("meta"):  # an outline without memory: the weights come one by one
        whole = Decoder(model.decoder.shape, seed=None)
    for name, _ in list(whole.named_parameters()):
        owner, _, kind = name.rpartition(".")
        layer = model.decoder.get_submodule(owner)
        weight = merged_weight(layer) if isinstance(layer, AdaptedLinear) and kind == "weight" else getattr(layer, kind)
        exact = weight.detach().to("cpu", torch.float32, copy=True).contiguous()
        setattr(whole.get_submodule(owner), kind, nn.Parameter(exact, requires_grad=False))
    return LanguageModel(whole.eval(), model.tokenizer)
