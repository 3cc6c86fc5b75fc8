"""The keys and values of the tokens that a decoder has already read, so that each new token costs one step."""

import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.decoder_shape import DecoderShape


class DecoderCache:
    """Room for `capacity` tokens in every layer, allocated once; `length` of them are filled.

    Setting `length` to a smaller number forgets the tokens after it, which lets a conversation go back and branch.
    """

    def __init__(
        self,
        shape: DecoderShape,
        batch: int = 1,
        capacity: int | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.capacity = shape.context if capacity is None else capacity
        self.length = 0
        room = (shape.layers, batch, shape.key_value_heads, self.capacity, shape.head_width)
        self.keys = torch.empty(room, dtype=dtype, device=device)
        self.values = torch.empty(room, dtype=dtype, device=device)

    def store(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Puts the new tokens of one layer after the filled ones; returns views of all of that layer.

        key, value: (batch, key_value_heads, time, head_width). The decoder raises `length` after the last layer.
        """
        end = self.length + key.shape[2]
        if end > self.capacity:
            raise StudioError(f"{end} tokens do not fit into a cache for {self.capacity}; shorten the text.")
        self.keys[layer, :, :, self.length : end] = key
        self.values[layer, :, :, self.length : end] = value
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]
