"""Adapters against the dense matrices that they stand for, and against PEFT."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoder_folder import save_decoder
from fmstudio.nn.decoding_plan import DecodingPlan
from fmstudio.nn.decoding_weights import can_plan
from fmstudio.nn.lora import LINEAR, Adapter, LoraShape, attach, merged_weight, new_adapter, wrap
from fmstudio.nn.lora_folder import load_adapter, save_adapter
from fmstudio.nn.packed_layers import PackedLinear
from tests.nn.test_decoder import LAYOUTS, decoder, transformers_model
from tests.nn.test_packed import pair
from tests.rounding import assert_same

TEXT = torch.tensor([[3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 3, 2, 38, 46]])
SHAPES = {
    "lora": LoraShape(4, 8.0),
    "rslora": LoraShape(4, 8.0, scale_by_root=True),
    "dora": LoraShape(4, 8.0, magnitudes=True),
    "attention": LoraShape(2, 4.0, targets=("q_proj", "v_proj")),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def base(request: pytest.FixtureRequest) -> Decoder:
    return decoder(**request.param).requires_grad_(False).double()


def trained(made: Decoder, shape: LoraShape) -> Adapter:
    """An adapter that changes something, as after training."""
    adapter = new_adapter(made, shape).double()
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for _, part in adapter.parts():
            part.lora_B.normal_(0, 0.3, generator=chance)
            if part.magnitude is not None:
                part.magnitude *= 1.5
    return adapter


def logits(made: Decoder) -> Tensor:
    with torch.no_grad():
        return made(TEXT)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_new_adapter_changes_nothing_and_its_base_keeps_its_names(base: Decoder, shape: LoraShape) -> None:
    before, names = logits(base), set(base.state_dict())
    attach(base, new_adapter(base, shape).double())
    assert_same(logits(base), before)
    assert set(base.state_dict()) == names
    base.load_state_dict(base.state_dict())


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_an_adapter_is_its_merged_matrices_at_every_strength(base: Decoder, shape: LoraShape) -> None:
    before, adapter = logits(base), trained(base, shape)
    attach(base, adapter)
    for strength in (1.0, 0.4, 1.5):
        adapter.strength = strength
        found = logits(base)
        plain = Decoder(base.shape, None).double()
        plain.load_state_dict(base.state_dict())
        for path, layer in wrap(base).items():
            plain.get_submodule(path).weight.data = merged_weight(layer).double()
        torch.testing.assert_close(found, logits(plain), rtol=1e-5, atol=1e-5)
        assert (found - before).abs().max() > 0.1
    adapter.strength = 0.0
    assert_same(logits(base), before)
    attach(base, None)
    assert torch.equal(logits(base), before)


def test_a_prepared_decoder_writes_with_the_adapter_that_is_attached(base: Decoder) -> None:
    before, adapter = logits(base)[0], trained(base, SHAPES["lora"])
    text = TEXT[0].tolist()
    for attached in (adapter, None, adapter):
        attach(base, attached)
        assert can_plan(base)
        expected, plan = logits(base)[0], DecodingPlan(base)
        for stop, start in ((6, 0), (7, 6), (15, 7)):
            assert_same(plan.read(text[start:stop]), expected[stop - 1], roundings=1)
        assert ((expected - before).abs().max() > 0.1) == (attached is not None)
    attach(base, trained(base, SHAPES["dora"]))
    assert not can_plan(base), "lengths of rows are not part of a plan's products"


def test_gradients_reach_the_adapter_alone_also_through_packed_matrices() -> None:
    matrix, plain = pair(96, 64)
    layers = [nn.Linear(64, 96, bias=False), PackedLinear(matrix)]
    layers[0].weight.data = plain
    found = []
    for layer in layers:
        holder = nn.Module()
        holder.q_proj = layer.requires_grad_(False)
        adapter = new_adapter(holder, SHAPES["lora"])  # type: ignore[arg-type]
        attach(holder, adapter)  # type: ignore[arg-type]
        with torch.no_grad():
            for _, part in adapter.parts():
                part.lora_B.normal_(generator=torch.Generator().manual_seed(0))
        x = torch.randn(5, 64, generator=torch.Generator().manual_seed(1), requires_grad=True)
        holder.q_proj(x).square().sum().backward()
        assert {name for name, each in holder.named_parameters() if each.grad is not None} == set()
        found.append([x.grad, *(each.grad for each in adapter.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-2)


def test_dropout_is_drawn_from_what_it_is_given_and_only_in_training() -> None:
    made = decoder(**LAYOUTS["llama"]).requires_grad_(False)
    adapter = trained(made.double(), LoraShape(4, 8.0, dropout=0.5))
    attach(made, adapter)

    def drawn(seed: int | None) -> Tensor:
        adapter.chance = None if seed is None else torch.Generator().manual_seed(seed)
        return logits(made)

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    adapter.eval()
    assert torch.equal(drawn(1), drawn(None))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_peft_computes_the_same_with_a_saved_adapter(base: Decoder, shape: LoraShape, tmp_path: Path) -> None:
    single = base.float()
    adapter = trained(single, shape).float()
    save_decoder(single, tmp_path / "base", bos_token_id=0, eos_token_id=0)
    save_adapter(adapter, tmp_path / "adapter", "base")
    attach(single, adapter)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        from peft import PeftModel

        model = PeftModel.from_pretrained(transformers_model(tmp_path / "base"), tmp_path / "adapter")
        theirs = model(TEXT).logits
    assert (theirs - logits(single)).abs().max() < 1e-4
    opened = load_adapter(tmp_path / "adapter")
    attach(single, opened)
    assert (theirs - logits(single)).abs().max() < 1e-4


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    made = decoder(**LAYOUTS["llama"]).requires_grad_(False)
    save_adapter(new_adapter(made, SHAPES["lora"]), tmp_path / "adapter", "base")
    return tmp_path / "adapter"


def change(folder: Path, **values: Any) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | values))


def rewrite(folder: Path, name: str, value: Tensor | None) -> None:
    weights = load_file(folder / "adapter_model.safetensors")
    first = next(key for key in weights if name in key)
    if value is None:
        del weights[first]
    else:
        weights[first] = value.expand_as(weights[first]).clone() if value.dim() == 0 else value
    save_file(weights, folder / "adapter_model.safetensors")


DAMAGES = {
    "another kind": (lambda folder: change(folder, peft_type="IA3"), "is of the type 'IA3'"),
    "patterns": (lambda folder: change(folder, rank_pattern={"q_proj": 2}), "uses rank_pattern"),
    "biases": (lambda folder: change(folder, bias="all"), "uses bias"),
    "another rank": (lambda folder: change(folder, r=8), "matrices of rank 4 .* says 8"),
    "no rank": (lambda folder: change(folder, r=None), "r = None"),
    "not a number": (lambda folder: rewrite(folder, "lora_B", torch.tensor(float("nan"))), "NaN or infinite"),
    "half of a part": (lambda folder: rewrite(folder, "lora_B", None), "only a part of the matrices"),
    "truncated": (
        lambda folder: (folder / "adapter_model.safetensors").write_bytes(
            (folder / "adapter_model.safetensors").read_bytes()[:-64]
        ),
        "cannot be read",
    ),
    "no settings": (lambda folder: (folder / "adapter_config.json").unlink(), "cannot be read"),
    "an embedding": (
        lambda folder: save_file(
            {"base_model.model.model.embed_tokens.lora_A.weight": torch.zeros(4, 8)},
            folder / "adapter_model.safetensors",
        ),
        "only linear layers can be adapted",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES.values(), ids=DAMAGES.keys())
def test_an_adapter_that_would_not_compute_as_it_should_is_refused(saved: Path, damage: Any, sentence: str) -> None:
    damage(saved)
    with pytest.raises(StudioError, match=sentence):
        load_adapter(saved)


def test_an_adapter_for_another_model_is_refused(saved: Path) -> None:
    with pytest.raises(StudioError, match=r"for a matrix of .* but this model's has"):
        attach(decoder(**LAYOUTS["llama"] | {"width": 64, "hidden_width": 96}), load_adapter(saved))


def test_an_adapter_of_a_deeper_model_is_refused(saved: Path) -> None:
    with pytest.raises(
        StudioError, match=r"changes model\.layers\.1\..*, which this model does not have; open it on its"
    ):
        attach(decoder(**LAYOUTS["llama"] | {"layers": 1}), load_adapter(saved))


def test_layers_that_no_model_has_are_named() -> None:
    with pytest.raises(StudioError, match=f"choose among {', '.join(LINEAR)}"):
        new_adapter(decoder(**LAYOUTS["llama"]), LoraShape(4, 8.0, targets=("w1",)))


class TestSeveralTextsInARow:
    def test_texts_do_not_see_each_other(self, base: Decoder) -> None:
        lengths = (4, 6, 5)
        parts = [base.hidden_states(part) for part in TEXT.split(lengths, dim=1)]
        assert_same(base.hidden_states(TEXT, lengths=lengths), torch.cat(parts, dim=1), roundings=1)

    def test_gradients_are_those_of_the_texts_alone(self) -> None:
        made = decoder(**LAYOUTS["qwen3"]).double()
        lengths = (4, 6, 5)
        torch.cat([made.hidden_states(part) for part in TEXT.split(lengths, dim=1)], 1).square().sum().backward()
        expected = {name: each.grad.clone() for name, each in made.named_parameters() if each.grad is not None}
        made.zero_grad()
        made.hidden_states(TEXT, lengths=lengths).square().sum().backward()
        for name, each in made.named_parameters():
            if each.grad is not None:
                assert_same(each.grad, expected[name], roundings=1)


@pytest.mark.parametrize("precision", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_an_adapter_learns_from_texts_in_a_row_what_its_merged_matrices_say(
    base: Decoder, precision: torch.dtype
) -> None:
    """Of W + s B A a gradient D makes s D Aᵀ for B and s Bᵀ D for A."""
    lengths, reading = (6, 1, 8), torch.linspace(-1, 1, TEXT.shape[1] * base.shape.width).view(TEXT.shape[1], -1)
    base, adapter = base.to(precision), trained(base, SHAPES["lora"]).to(precision)
    attach(base, adapter)
    adapter.strength = 0.5
    (base.hidden_states(TEXT, lengths=lengths)[0] * reading).sum().backward()
    dense = Decoder(base.shape, None).double()
    dense.load_state_dict(base.state_dict())
    for path, part in adapter.parts():
        dense.get_submodule(path).weight.data += part.change().detach().double() * 0.5
    texts = zip(TEXT[0].split(lengths), reading.split(lengths), strict=True)
    sum((dense.hidden_states(text[None])[0] * part).sum() for text, part in texts).backward()
    tolerance = 1e-6 if precision == torch.float64 else 1e-5  # the table of positions is of float32
    for path, part in adapter.parts():
        dense_gradient = dense.get_submodule(path).weight.grad * 0.5 * part.shape.scale
        for found, expected in (
            (part.lora_B.grad, dense_gradient @ part.lora_A.detach().double().T),
            (part.lora_A.grad, part.lora_B.detach().double().T @ dense_gradient),
        ):
            assert found is not None
            torch.testing.assert_close(found.double(), expected, rtol=0, atol=tolerance * float(expected.abs().max()))
