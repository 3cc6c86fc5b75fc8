"""The decoder against Hugging Face transformers, and its three ways of running against each other."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import IGNORED, Decoder, DecoderCache, DecoderShape, from_hf_config, to_hf_config
from fmstudio.nn.decoder_folder import load_decoder, save_decoder
from tests.rounding import assert_same

LAYOUTS: dict[str, dict[str, Any]] = {
    "llama": {},
    "llama without sharing": {"key_value_heads": 4, "tied_embeddings": False, "rope_base": 500_000.0},
    "qwen2": {"query_key_value_bias": True},
    "qwen3": {"query_key_norm": True},
    "qwen3 with wide heads": {"query_key_norm": True, "head_width": 24, "key_value_heads": 1, "tied_embeddings": False},
}


def shape(**changes: Any) -> DecoderShape:
    sizes = {"vocabulary_size": 50, "layers": 2, "width": 32, "heads": 4, "key_value_heads": 2, "head_width": 8}
    return DecoderShape(**(sizes | {"hidden_width": 48, "context": 40} | changes))


def decoder(**changes: Any) -> Decoder:
    """A decoder none of whose weights is zero or one, so that each of them shows in the logits."""
    made = Decoder(shape(**changes))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            centre = 1.0 if name.endswith("norm.weight") else 0.0
            weight.normal_(centre, 0.3, generator=generator)
    return made


def tokens(batch: int = 2, time: int = 20) -> Tensor:
    return torch.randint(0, 50, (batch, time), generator=torch.Generator().manual_seed(2))


THEIR_ROUNDINGS = 5
"""transformers normalises in float32 whatever the weights are: twice in each of the two layers, and once at the end."""


def transformers_model(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoModelForCausalLM

        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def layout(request: pytest.FixtureRequest) -> dict[str, Any]:
    changes: dict[str, Any] = request.param
    return changes


class TestAgainstTransformers:
    def test_a_saved_folder_opens_there_with_the_same_logits(self, layout: dict[str, Any], tmp_path: Path) -> None:
        ours = decoder(**layout)
        save_decoder(ours, tmp_path)
        with torch.no_grad():
            theirs = transformers_model(tmp_path, torch.float64)(tokens()).logits
            assert_same(ours.double()(tokens()), theirs, roundings=THEIR_ROUNDINGS)
        assert theirs.abs().max() > 1  # logits near zero would agree by themselves

    def test_a_folder_written_there_opens_here(self, layout: dict[str, Any], tmp_path: Path) -> None:
        ours = decoder(**layout)
        save_decoder(ours, tmp_path / "ours")
        transformers_model(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
        opened = load_decoder(tmp_path / "theirs")
        assert opened.shape == ours.shape
        torch.testing.assert_close(opened.state_dict(), ours.state_dict(), atol=0, rtol=0)

    def test_a_folder_in_several_files_opens_here(self, tmp_path: Path) -> None:
        ours = decoder()
        save_decoder(ours, tmp_path / "ours")
        transformers_model(tmp_path / "ours").save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
        assert len(list((tmp_path / "theirs").glob("*.safetensors"))) > 1
        torch.testing.assert_close(load_decoder(tmp_path / "theirs").state_dict(), ours.state_dict(), atol=0, rtol=0)

    def test_gradients_are_the_same(self, layout: dict[str, Any], tmp_path: Path) -> None:
        ours = decoder(**layout)
        save_decoder(ours, tmp_path)
        ours, theirs = ours.double(), transformers_model(tmp_path, torch.float64)
        ours.loss(tokens()[:, :-1], tokens()[:, 1:]).backward()
        cross_entropy(theirs(tokens()[:, :-1]).logits.flatten(0, 1), tokens()[:, 1:].flatten()).backward()
        expected = dict(theirs.named_parameters())
        for name, weight in ours.named_parameters():
            assert weight.grad is not None
            assert_same(weight.grad, expected[name].grad, roundings=2 * THEIR_ROUNDINGS)


class TestTheLoss:
    def test_is_the_mean_over_the_targets_that_count(self) -> None:
        made, targets = decoder().double(), tokens().roll(-1, 1)
        targets[0, :7] = IGNORED
        expected = cross_entropy(made(tokens())[targets != IGNORED], targets[targets != IGNORED])
        assert_same(made.loss(tokens(), targets), expected)
        with torch.no_grad():  # then the logits are rounded to float32
            torch.testing.assert_close(made.loss(tokens(), targets), expected.float())

    def test_scales_its_gradient_for_accumulation(self) -> None:
        made = decoder().double()
        whole = torch.autograd.grad(made.loss(tokens(), tokens()), list(made.parameters()))
        half = torch.autograd.grad(made.loss(tokens(), tokens()) * 0.5, list(made.parameters()))
        for part, expected in zip(half, whole, strict=True):
            assert_same(part * 2, expected)

    def test_trains_through_a_replaced_projection(self) -> None:
        class Wrapped(torch.nn.Module):
            def __init__(self, inner: torch.nn.Module) -> None:
                super().__init__()
                self.inner = inner

            def forward(self, x: Tensor) -> Tensor:
                inner: Tensor = self.inner(x)
                return inner

        plain, wrapped = (decoder(tied_embeddings=False).double() for _ in range(2))
        for layer in wrapped.model.layers:
            layer.self_attn.q_proj = Wrapped(layer.self_attn.q_proj)  # type: ignore[union-attr, arg-type]
        wrapped.lm_head = Wrapped(wrapped.lm_head)  # type: ignore[assignment, arg-type]
        assert_same(wrapped.loss(tokens(), tokens()), plain.loss(tokens(), tokens()))


class TestTheCache:
    def test_reading_in_pieces_equals_reading_at_once(self, layout: dict[str, Any]) -> None:
        made, text = decoder(**layout).double(), tokens(3, 20)
        cache = DecoderCache(made.shape, batch=3, dtype=torch.float64)
        places = cache.keys.data_ptr(), cache.values.data_ptr()
        with torch.inference_mode():
            pieces = [made(text[:, :6], cache), made(text[:, 6:11], cache)]
            pieces += [made(text[:, place : place + 1], cache) for place in range(11, 20)]
            assert_same(torch.cat(pieces, 1), made(text))
        assert cache.length == 20
        assert places == (cache.keys.data_ptr(), cache.values.data_ptr())

    def test_going_back_forgets_what_came_after(self) -> None:
        made, cache = decoder().double(), DecoderCache(shape(), dtype=torch.float64)
        text, other = tokens(1, 12), tokens(2, 12)[1:]
        with torch.inference_mode():
            made(text, cache)
            cache.length = 5
            made(other[:, 5:], cache)
            branched = made(text[:, :1], cache)
            whole = made(torch.cat([text[:, :5], other[:, 5:], text[:, :1]], 1), last_only=True)
        assert_same(branched, whole)

    def test_a_text_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(StudioError, match="41 tokens"):
            decoder()(tokens(1, 41))
        with pytest.raises(StudioError, match="cache for 10"):
            decoder()(tokens(1, 11), DecoderCache(shape(), capacity=10))


def test_generation_leaves_tables_that_training_can_use() -> None:
    made = decoder()
    with torch.inference_mode():
        made(tokens())
    made.loss(tokens(), tokens()).backward()
    assert made.model.embed_tokens.weight.grad is not None


def test_the_trace_shows_the_same_computation(layout: dict[str, Any]) -> None:
    made = decoder(**layout).double()
    trace = made.trace(tokens())
    with torch.no_grad():
        assert_same(trace.logits, made(tokens()))
        assert_same(made.logits(made.model.norm(trace.streams[-1])), trace.logits)
    for pattern in trace.patterns:
        assert_same(pattern.sum(-1), torch.ones(2, 4, 20, dtype=torch.float64))
        assert torch.equal(pattern, pattern.tril())


def test_the_patterns_are_what_attention_does() -> None:
    made = decoder(layers=1).double()
    trace = made.trace(tokens())
    layer: Any = made.model.layers[0]
    normed = layer.input_layernorm(trace.streams[0])
    values = layer.self_attn.v_proj(normed).view(2, 20, 2, 8).transpose(1, 2).repeat_interleave(2, dim=1)
    mixed = layer.self_attn.o_proj((trace.patterns[0] @ values).transpose(1, 2).flatten(2))
    cos_sin = made._cos_sin(tokens(), None)
    assert_same(layer.self_attn(normed, cos_sin), mixed)


class TestInitialisation:
    def test_depends_on_the_seed_alone(self) -> None:
        first = Decoder(shape(), seed=3).state_dict()
        torch.manual_seed(99)
        before = torch.get_rng_state()
        torch.testing.assert_close(Decoder(shape(), seed=3).state_dict(), first, atol=0, rtol=0)
        assert torch.equal(torch.get_rng_state(), before)
        assert not torch.equal(Decoder(shape(), seed=4).model.embed_tokens.weight, first["model.embed_tokens.weight"])

    def test_layers_begin_as_the_identity(self) -> None:
        trace = Decoder(shape()).trace(tokens())
        torch.testing.assert_close(trace.streams[-1], trace.streams[0], atol=0, rtol=0)

    def test_the_parameter_count_is_right(self, layout: dict[str, Any]) -> None:
        made = Decoder(shape(**layout))
        assert made.shape.parameters == sum(weight.numel() for weight in made.parameters())


class TestTheConfig:
    def test_survives_the_way_there_and_back(self, layout: dict[str, Any]) -> None:
        config = json.loads(json.dumps(to_hf_config(shape(**layout))))
        assert from_hf_config(config) == shape(**layout)

    def test_reads_the_older_form(self) -> None:
        config = to_hf_config(shape(rope_base=1234.0))
        del config["rope_parameters"], config["head_dim"]
        assert from_hf_config(config) == shape(rope_base=1234.0)

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"architectures": ["GPT2LMHeadModel"]}, "GPT2LMHeadModel"),
            ({"architectures": None}, "names no architecture"),
            ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}, "rope_parameters": None}, "llama3"),
            ({"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": None}, "linear"),
            ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "yarn"),  # beside what says the default kind
            ({"rope_scaling": {"factor": 4.0}}, "factor 4.0"),
            ({"rope_parameters": {"full_attention": {"rope_type": "yarn", "rope_theta": 1e6}}}, "yarn"),
            ({"rope_parameters": {"a": {"rope_theta": 1e4}, "b": {"rope_theta": 1e6}}}, "differently in different"),
            ({"attention_bias": True}, "attention_bias"),
            ({"hidden_act": "gelu"}, "gelu"),
            ({"architectures": ["MistralForCausalLM"], "sliding_window": 16}, "window"),
            ({"layer_types": ["full_attention", "sliding_attention"]}, "window"),
            ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
            ({"quantization_config": {"bits": 4}}, "quantised"),
        ],
    )
    def test_what_would_compute_differently_is_refused(self, changes: dict[str, Any], named: str) -> None:
        with pytest.raises(StudioError, match=named):
            from_hf_config(to_hf_config(shape()) | changes)

    def test_impossible_shapes_are_refused(self) -> None:
        with pytest.raises(StudioError, match="key_value_heads is 3"):
            shape(key_value_heads=3)
        with pytest.raises(StudioError, match="head_width is 7"):
            shape(head_width=7)


class TestOpeningFolders:
    def test_a_folder_without_a_config_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(StudioError, match=r"no config\.json"):
            load_decoder(tmp_path)

    def test_a_shared_matrix_may_have_the_name_of_its_other_use(self, tmp_path: Path) -> None:
        tied = decoder(tied_embeddings=True)
        save_decoder(tied, tmp_path)
        weights = load_file(tmp_path / "model.safetensors")
        weights["lm_head.weight"] = weights.pop("model.embed_tokens.weight")
        save_file(weights, tmp_path / "model.safetensors")
        assert torch.equal(load_decoder(tmp_path).lm_head_weight, tied.lm_head_weight)

    def test_weights_of_another_shape_are_refused(self, tmp_path: Path) -> None:
        save_decoder(decoder(), tmp_path)
        config = json.loads((tmp_path / "config.json").read_text()) | {"vocab_size": 51}
        (tmp_path / "config.json").write_text(json.dumps(config))
        with pytest.raises(StudioError, match="do not fit"):
            load_decoder(tmp_path)
