"""The language decoder: a transformer with the weights' names and shapes of Hugging Face's Llama, Qwen2 and Qwen3.

    tokens ─ embedding ─┬─ norm ─ attention ─ + ─┬─ norm ─ feed-forward ─ + ─ … ─ norm ─ read-out ─ logits
                        └────────────────────┘   └──────────────────────┘

- pre-norm residual layers: attention moves information between tokens, the feed-forward layer works on each alone
- RMSNorm, rotary positions, grouped-query attention, SwiGLU; no dropout (models here see a token a few times at most)
- layers begin as the identity: what each adds to the residual stream is multiplied by a matrix of zeros at first
- the same weights run three ways: `forward` (all logits), `loss` (training), and `forward` with a cache (generation)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.nn.attention import Attention, empty_linear
from fmstudio.nn.decoder_cache import DecoderCache
from fmstudio.nn.decoder_shape import DecoderShape, from_hf_config, to_hf_config
from fmstudio.nn.lora import feed_forward
from fmstudio.nn.norm import RMSNorm
from fmstudio.nn.rotary import RotaryTable
from fmstudio.nn.token_loss import IGNORED, token_loss

__all__ = ["IGNORED", "Decoder", "DecoderCache", "DecoderShape", "DecoderTrace", "from_hf_config", "to_hf_config"]


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020): down(silu(gate x) * up x)."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.gate_proj = empty_linear(shape.width, shape.hidden_width)
        self.up_proj = empty_linear(shape.width, shape.hidden_width)
        self.down_proj = empty_linear(shape.hidden_width, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        return feed_forward(x, self.gate_proj, self.up_proj, self.down_proj)


class DecoderLayer(nn.Module):
    """Attention, then feed-forward, each added to the residual stream."""

    def __init__(self, shape: DecoderShape, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.width, shape.norm_epsilon)
        self.self_attn = Attention(shape, layer)
        self.post_attention_layernorm = RMSNorm(shape.width, shape.norm_epsilon)
        self.mlp = FeedForward(shape)

    def forward(
        self, x: Tensor, cos_sin: Tensor, cache: DecoderCache | None = None, lengths: Sequence[int] = ()
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos_sin, cache, lengths)
        return x + self.mlp(self.post_attention_layernorm(x))


class TokenEmbedding(nn.Embedding):
    """A row for each token; read the other way round, it turns hidden states into logits."""

    def row(self, token: int) -> Tensor:
        """One token's embedding, (width,)."""
        return self.weight.detach()[token]

    def lengths(self) -> Tensor:
        """Euclidean lengths of all rows, (vocabulary,)."""
        return self.weight.detach().norm(dim=1)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., width) → (..., vocabulary)."""
        return nn.functional.linear(hidden, self.weight)


class DecoderTrunk(nn.Module):
    """Everything but the read-out; `model.` in the names of the weights."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.embed_tokens = nn.utils.skip_init(
            TokenEmbedding, shape.vocabulary_size, shape.width, device=torch.get_default_device()
        )
        self.layers = nn.ModuleList(DecoderLayer(shape, layer) for layer in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.norm_epsilon)


@dataclass(frozen=True, slots=True)
class DecoderTrace:
    """What happened inside while a text was read; see `Decoder.trace`."""

    streams: list[Tensor]
    """The residual stream before the first layer and after each: layers + 1 of (batch, time, width)."""
    patterns: list[Tensor]
    """Where each head of each layer looked: layers of (batch, heads, time, time)."""
    logits: Tensor


class Decoder(nn.Module):
    """A causal language model over token numbers.

    seed: where the initial weights come from, always the same for the same seed; None leaves them unset for loading.
    """

    def __init__(self, shape: DecoderShape, seed: int | None = 0) -> None:
        super().__init__()
        self.shape = shape
        self.model = DecoderTrunk(shape)
        self.lm_head = None if shape.tied_embeddings else empty_linear(shape.width, shape.vocabulary_size)
        self._rotary = RotaryTable(shape.head_width, shape.rope_base)
        if seed is not None:
            self.initialise(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator, embedding_deviation: float = 0.02) -> None:
        """Draws new weights: embeddings of the given deviation, layers of 1/√inputs, zeros where a layer writes to the
        residual stream, so that at first the model is a plain table of tokens and learns from there."""
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight", "bias")):
                weight.zero_()
            elif weight.dim() == 1:
                weight.fill_(1.0)
            elif name.endswith("_proj.weight"):
                weight.normal_(0.0, weight.shape[1] ** -0.5, generator=generator)
            else:
                weight.normal_(0.0, embedding_deviation, generator=generator)

    @property
    def lm_head_weight(self) -> Tensor:
        """The matrix (vocabulary, width) that turns hidden states into logits."""
        return self.model.embed_tokens.weight if self.lm_head is None else self.lm_head.weight

    def forward(self, tokens: Tensor, cache: DecoderCache | None = None, *, last_only: bool = False) -> Tensor:
        """Logits of the next token after each of `tokens`: (batch, time) → (batch, time, vocabulary).

        cache: the text before `tokens`, which is extended by them. last_only: logits of the last position alone,
        (batch, 1, vocabulary), which is all that generation needs.
        """
        hidden = self.hidden_states(tokens, cache)
        return self.logits(hidden[:, -1:] if last_only else hidden)

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats a token; tokens, targets: (batch, time), IGNORED where a target does not count."""
        if self.lm_head is not None and type(self.lm_head) is not nn.Linear:  # an adapter sits on the read-out
            return nn.functional.cross_entropy(self(tokens).flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        return token_loss(self.hidden_states(tokens).flatten(0, 1), self.lm_head_weight, targets.flatten())

    def hidden_states(
        self,
        tokens: Tensor,
        cache: DecoderCache | None = None,
        lengths: Sequence[int] = (),
        noise: Tensor | None = None,
    ) -> Tensor:
        """The normalised residual stream after the last layer: (batch, time, width).

        lengths: where each row of `tokens` holds several texts one after the other, how long each is. Every text then
        begins at the first position and sees nothing of the others. noise: what is added to the embeddings, (batch,
        time, width).
        """
        if lengths:
            cos_sin = torch.cat([self._cos_sin(part, None) for part in tokens.split(list(lengths), dim=1)])
        else:
            cos_sin = self._cos_sin(tokens, cache)
        x: Tensor = self.model.embed_tokens(tokens)
        if noise is not None:
            x = x + noise
        for layer in self.model.layers:
            x = layer(x, cos_sin, cache, lengths)
        if cache is not None:
            cache.length += tokens.shape[1]
        hidden: Tensor = self.model.norm(x)
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of normalised hidden states; with `model.norm` before it, also the "logit lens" on any stream."""
        logits: Tensor = self.model.embed_tokens.logits(hidden) if self.lm_head is None else self.lm_head(hidden)
        return logits

    @torch.no_grad()
    def trace(self, tokens: Tensor) -> DecoderTrace:
        """Reads `tokens` and keeps what a picture of the inside needs: streams, attention patterns, logits."""
        cos_sin = self._cos_sin(tokens, None)
        streams, patterns = [self.model.embed_tokens(tokens)], []
        for layer in self.model.layers:
            assert isinstance(layer, DecoderLayer)
            patterns.append(layer.self_attn.pattern(layer.input_layernorm(streams[-1]), cos_sin))
            streams.append(layer(streams[-1], cos_sin))
        return DecoderTrace(streams, patterns, self.logits(self.model.norm(streams[-1])))

    def _cos_sin(self, tokens: Tensor, cache: DecoderCache | None) -> Tensor:
        """The rotations of the positions where `tokens` stand."""
        start = 0 if cache is None else cache.length
        stop = start + tokens.shape[1]
        if stop > self.shape.context:
            raise StudioError(
                f"The text has {stop} tokens but the model reads {self.shape.context} at most; shorten it."
            )
        return self.rotations(start, stop, tokens.device)

    def rotations(self, start: int, stop: int, device: torch.device) -> Tensor:
        """cos θ + i sin θ of the positions start..stop, see `RotaryTable.cos_sin`."""
        return self._rotary.cos_sin(start, stop, device)
