"""Where texts end: at stop strings, whatever pieces they come in."""

from collections.abc import Iterator

import pytest

from fmstudio.data.tokenizer import byte_tokenizer
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.runtimes.stop_strings import until_stop
from fmstudio.runtimes.text import LanguageModel, TextSampling, generate_text


@pytest.mark.parametrize(
    ("pieces", "stops", "expected"),
    [
        ("one| two| three", [], "one two three"),
        ("one| two| three", ["two"], "one "),
        ("one tw|o three", ["two"], "one "),
        ("a|b|a|b|c|d", ["abc"], "ab"),
        ("Übe|rmu|t", ["ermut"], "Üb"),
        ("one two three", ["three", "two"], "one "),
        ("ends like a st", ["stop"], "ends like a st"),
        ("first\n|\nsecond", ["\n\n"], "first"),
        ("a||b", ["ab"], ""),
    ],
)
def test_the_text_ends_before_a_stop_string(pieces: str, stops: list[str], expected: str) -> None:
    assert "".join(until_stop(iter(pieces.split("|")), stops)) == expected


def test_what_may_be_a_stop_string_waits_and_nothing_after_one_is_asked_for() -> None:
    asked = []

    def pieces() -> Iterator[str]:
        for piece in ("one <", "e", "ight <e", "nd>", "never"):
            asked.append(piece)
            yield piece

    shown = list(until_stop(pieces(), ["<end>"]))
    assert shown == ["one ", "", "<eight ", ""]
    assert "never" not in asked


def test_stop_strings_are_written_one_a_line() -> None:
    assert TextSampling(stop="User:\n\n\\n\\n\nEnd ").stops == ("User:", "\n\n", "End ")
    assert TextSampling().stops == ()


def test_a_model_stops_there_too() -> None:
    shape = DecoderShape(vocabulary_size=257, layers=1, width=16, heads=2, key_value_heads=2, head_width=8,
                         hidden_width=32, context=64)  # fmt: skip
    model = LanguageModel(Decoder(shape).requires_grad_(False), byte_tokenizer())
    settings = {"prompt": "Go ", "seed": 2, "temperature": 2.0, "maximum_tokens": 50}
    whole = "".join(generate_text(model, TextSampling(**settings)))
    stop = next(whole[place : place + 3] for place in range(20, 40) if whole[place : place + 3].isprintable())
    cut = "".join(generate_text(model, TextSampling(**settings, stop=stop)))
    assert cut == whole[: whole.index(stop)]
