"""Events written as lines and read again are the same to the last bit, and nothing else is read."""

import base64
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy

from fmstudio.jobs import (
    Artefact,
    Driver,
    Failed,
    Finished,
    JobRequest,
    Metrics,
    Note,
    Progress,
    Queued,
    Sample,
    TextDelta,
    Waiting,
)
from fmstudio.jobs.codec import CodecError, decode, encode
from fmstudio.jobs.driver import failure
from fmstudio.workspace import FeedbackRow, Workspace

TEXTS = some.text(some.characters(codec=None, exclude_categories=()), max_size=20)  # lone surrogates too
NUMBERS = some.floats() | some.integers(-(2**70), 2**70)
TYPES = (
    some_numpy.boolean_dtypes() | some_numpy.integer_dtypes(endianness="?") | some_numpy.unsigned_integer_dtypes()
    | some_numpy.floating_dtypes(endianness="?") | some_numpy.complex_number_dtypes() | some_numpy.byte_string_dtypes()
    | some_numpy.unicode_string_dtypes() | some_numpy.datetime64_dtypes() | some_numpy.timedelta64_dtypes()
)  # fmt: skip
ALL_TYPES = TYPES | some_numpy.array_dtypes(TYPES, max_size=3)
SHAPES = some_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def arrays() -> some.SearchStrategy[np.ndarray]:
    made = some_numpy.arrays(ALL_TYPES, SHAPES)
    return made | made.map(np.asfortranarray) | made.map(lambda array: array[..., ::2] if array.ndim else array)


def scalars() -> some.SearchStrategy[Any]:
    return TYPES.flatmap(some_numpy.from_dtype) | TEXTS.map(np.str_) | some.binary(max_size=9).map(np.bytes_)


LEAVES = some.none() | some.booleans() | NUMBERS | TEXTS | some.binary(max_size=20) | scalars() | arrays()
KEYS = TEXTS | some.integers() | some.booleans() | some.none() | some.tuples(some.integers(), TEXTS) | some.just("$")
VALUES = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=4) | some.lists(inner, max_size=4).map(tuple)
    | some.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Whether a value and what came back have the same types and bits; of an array's part the order is free."""
    if type(one) is not type(other) and not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return False
    if isinstance(one, (np.str_, np.bytes_)):
        return list(one) == list(other)  # zeros at the end too
    if isinstance(one, (np.ndarray, np.generic)):
        orders = [(each.flags.c_contiguous, each.flags.f_contiguous) for each in (one, other)]
        is_whole = any(orders[0]) or not isinstance(one, np.ndarray)
        contents = [np.asarray(each).tobytes() for each in (one, other)]
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and contents[0] == contents[1]
            and (orders[0] == orders[1] or not is_whole)
        )
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, Mapping):
        return len(one) == len(other) and all(
            same(key, other_key) and same(value, other_value)
            for (key, value), (other_key, other_value) in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    return bool(one == other)


def through(event: Any) -> Any:
    line = encode(event)
    assert "\n" not in line
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return decode(line)


@given(data=VALUES, name=TEXTS, step=some.integers())
def test_a_sample_keeps_whatever_data_it_holds(data: Any, name: str, step: int) -> None:
    event = Sample(name, "table", data, step)
    assert same(event, through(event))


@given(result=some.dictionaries(KEYS, VALUES, max_size=4))
def test_a_result_keeps_its_keys_and_values(result: dict[Any, Any]) -> None:
    assert same(Finished("stopped", result), through(Finished("stopped", result)))


@given(values=some.dictionaries(TEXTS, some.floats(), max_size=5), seconds=some.floats())
def test_metrics_keep_numbers_that_json_lacks(values: dict[str, float], seconds: float) -> None:
    assert same(Metrics(3, values, seconds), through(Metrics(3, values, seconds)))


@pytest.mark.parametrize(
    "event",
    [
        Queued(), Note("a", "warning"), Artefact("run", "r-1", "/tmp/r"), Waiting("It is being fetched."),
        Progress(0.5, None, "bytes", "“…”", 1e300, "bytes/s"), TextDelta("\ud83d\ude00 \udc80\u2028\r\n"),
    ],
)  # fmt: skip
def test_every_other_kind(event: Any) -> None:
    assert same(event, through(event))


def test_a_traceback_with_what_no_text_may_hold() -> None:
    name = b"name-\xff".decode("utf-8", "surrogateescape")
    try:
        raise OSError(f"no file {name}")
    except OSError as error:
        event = failure(error)
    assert "Traceback" in event.details
    assert through(event) == event


def test_records_that_events_hold() -> None:
    row = FeedbackRow("f-1", "now", "text", "m", "p", "o", 1, 0, ("a", "b"), False)
    assert through(Sample("rows", "table", [row])).data == [row]


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("fmstudio.data.inspection:statistics", {"dataset": "articles"}),
        ("fmstudio.data.tokenizing:explain", {"text": "naïve “quotes”", "tokenizer": {"kind": "byte"}}),
        ("fmstudio.data.image_preview:page", {"dataset": "shapes"}),
        ("fmstudio.data.image_statistics:statistics", {"dataset": "shapes"}),
        ("fmstudio.data.catalogue:listing", {}),
        ("fmstudio.training.describe:describe", {}),
        ("fmstudio.adapt.models:listing", {}),
        ("fmstudio.data.cleaning:review", {"dataset": "absent"}),
    ],
)
def test_what_real_jobs_say(stocked: Workspace, pictured: Workspace, target: str, arguments: dict[str, Any]) -> None:
    events = list(Driver(JobRequest("A job", target, arguments), stocked))
    assert isinstance(events[-1], Failed if "absent" in arguments.values() else Finished)
    assert any(isinstance(event, (Sample, Failed)) for event in events)
    for event in events:
        assert same(event, through(event))


def test_what_a_training_says(stocked: Workspace, tables: dict[str, Any]) -> None:
    events = list(Driver(JobRequest("Train", "fmstudio.training.pretraining:pretrain", {"recipe": tables}), stocked))
    assert isinstance(events[-1], Finished)
    for event in events:
        assert same(event, through(event))


@dataclass
class Foreign:
    name: str = ""


@pytest.mark.parametrize("data", [{1, 2}, object(), np.array([None]), Foreign()])
def test_what_is_no_data_is_refused_with_a_sentence(data: Any) -> None:
    with pytest.raises(CodecError, match=r"An event holds .* which cannot be written\."):
        encode(Sample("x", "x", data))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"event": "hologram", "data": 1}', "does not know events of the kind 'hologram'; update FM Studio"),
        ('{"event": "note", "text": "a", "colour": "red"}', "does not know such note events"),
        ('{"event": "note", "text": {"$": ["hologram", 1]}}', "does not know values of the kind 'hologram'"),
        ('{"event": "note", "te', "is no event"),
        ("[1]", "is no event"),
        ("", "is no event"),
        ('{"event": "sample", "name": "a", "kind": "b", "data": {"$": ["array", "AAAA"]}}', "is damaged"),
        ('{"event": "note", "text": {"$": ["record", "subprocess:Popen", {"args": "true"}]}}', "no record of this"),
        ('{"event": "note", "text": {"$": ["record", "fmstudio.app:Session", {}]}}', "no record of this"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_with_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(CodecError, match=sentence):
        decode(line)


def test_arrays_of_objects_are_never_unpickled() -> None:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], object), allow_pickle=True)
    content = base64.b64encode(file.getvalue()).decode()
    with pytest.raises(CodecError, match="damaged"):
        decode(json.dumps({"event": "sample", "name": "a", "kind": "b", "data": {"$": ["array", content]}}))


def test_a_failure_of_another_version_is_told_apart_from_none() -> None:
    assert decode(encode(Failed("It broke.", ""))) == Failed("It broke.", "")
