"""What is read of an event."""

import numpy as np
import pytest

from fmstudio.jobs import Sample


def test_a_sample_is_read_as_what_it_is():
    assert Sample("prompt", "prompt", {"text": "Hi"}).structure == {"text": "Hi"}
    assert Sample("rows", "table", [{"n": 1}]).rows == [{"n": 1}]


@pytest.mark.parametrize("data", ["a text", np.zeros(3)])
def test_a_sample_that_is_something_else_says_so(data):
    sample = Sample("output", "text", data)
    with pytest.raises(TypeError, match="sample 'output' of the kind 'text' is no structure"):
        _ = sample.structure
    with pytest.raises(TypeError, match="no table"):
        _ = sample.rows
