"""Packed matrices against the float32 matrices that they stand for."""

import os
import pickle
import subprocess
import sys
import threading
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fmstudio.nn import compiled
from fmstudio.nn.packed import PackedMatrix, can_join, joined
from fmstudio.nn.packed_layers import PackedEmbedding, PackedLinear
from tests.rounding import SINGLE, assert_product


def pair(rows: int = 96, columns: int = 64, block: int = 32, seed: int = 0) -> tuple[PackedMatrix, Tensor]:
    """A matrix of random codes, and the same in float32."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(-128, 128, (rows, columns), np.int8)
    scales, minimums = draw.normal(0, 0.01, (2, rows, columns // block)).astype(np.float32)
    matrix = PackedMatrix(rows, columns, block)
    half = rows // 64 * 32
    matrix.fill(0, codes[:half], scales[:half], minimums[:half])
    matrix.fill(half, codes[half:], scales[half:], minimums[half:])
    plain = scales[..., None] * codes.reshape(rows, -1, block) + minimums[..., None]
    return matrix, torch.from_numpy(plain.astype(np.float32).reshape(rows, columns))


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=[(96, 64, 32), (96, 64, 16), (75, 64, 32), (7, 96, 16)], ids=str)
def matrices(request: pytest.FixtureRequest) -> tuple[PackedMatrix, Tensor]:
    return pair(*request.param)


def test_unpacks_to_its_numbers(matrices: tuple[PackedMatrix, Tensor]) -> None:
    packed, plain = matrices
    assert torch.equal(packed.unpacked(), plain)
    assert all(torch.equal(packed.row(number), plain[number]) for number in (0, len(plain) // 2, len(plain) - 1))


def test_multiplies_one_vector(matrices: tuple[PackedMatrix, Tensor]) -> None:
    packed, plain = matrices
    x, out = noise(packed.columns), noise(packed.rows)
    packed.matvec(x, out, add=True)
    assert_product(out, plain, x, begin=noise(packed.rows))
    packed.matvec(x, out)
    assert_product(out, plain, x)


@pytest.mark.parametrize("shape", [(1, 1), (5,), (2, 3)], ids=str)
def test_multiplies_rows(matrices: tuple[PackedMatrix, Tensor], shape: tuple[int, ...]) -> None:
    packed, plain = matrices
    x = noise(*shape, packed.columns)
    assert_product(packed.matmul(x), x, plain.t())


def test_many_rows_are_unpacked_in_stretches() -> None:
    packed, plain = pair(rows=40 * 1000, columns=64)  # a stretch holds 16,384 rows
    assert_product(packed.matmul(noise(3, 64)), noise(3, 64), plain.t())
    assert torch.equal(packed.unpacked(), plain)


def test_joined_matrices_are_kept_once() -> None:
    (first, plain), (second, other), (last, rest) = pair(64), pair(32, block=16, seed=1), pair(40, seed=2)
    whole = joined([first, second, last])
    expected = torch.cat([plain, other, rest])
    assert torch.equal(whole.unpacked(), expected)
    assert whole.block == 16
    out = noise(136)
    whole.matvec(noise(64), out)
    assert_product(out, expected, noise(64))
    assert joined([first, second, last]) is whole
    assert np.shares_memory(first._codes, whole._codes)
    assert torch.equal(second.unpacked(), other)
    assert not can_join([last, first])


def test_a_layer_saves_what_a_plain_layer_would() -> None:
    packed, plain = pair()
    layer = PackedLinear(packed, torch.nn.Parameter(noise(96), requires_grad=False))
    same = torch.nn.Linear(64, 96)
    same.load_state_dict(layer.state_dict())
    assert_product(layer(noise(2, 4, 64)), noise(2, 4, 64), same.weight.t(), begin=same.bias)
    assert torch.equal(same.weight, plain)


def test_a_table_is_looked_up_and_read_the_other_way_round() -> None:
    packed, plain = pair(rows=75)
    table, tokens = PackedEmbedding(packed), torch.tensor([[3, 74, 3]])
    assert torch.equal(table(tokens), plain[tokens])
    assert torch.equal(table.row(40), plain[40])
    assert_product(table.logits(noise(64)), plain, noise(64))
    torch.testing.assert_close(table.lengths().double(), plain.double().norm(dim=1), atol=0, rtol=64 * SINGLE)


def test_a_table_has_no_rows_but_its_own() -> None:
    table = PackedEmbedding(pair(rows=75)[0])
    with pytest.raises(IndexError, match="There is no row 80; the matrix has 75"):
        table(torch.tensor([80]))
    assert table(torch.zeros(1, 0, dtype=torch.long)).shape == (1, 0, 64)


def test_gradients_go_back_through_it() -> None:
    packed, plain = pair(rows=40 * 1000)
    rows = slice(None, None, 700)  # few, so that little is rounded, but of all chunks
    x, weights = noise(3, 64).requires_grad_(True), noise(3, len(plain[rows]))
    (packed.matmul(x)[:, rows] * weights).sum().backward()
    assert x.grad is not None
    assert_product(x.grad, weights, plain[rows])


def test_copies_stand_for_themselves() -> None:
    first, second = pair(64)[0], pair(32, seed=1)[0]
    joined([first, second])
    copy = pickle.loads(pickle.dumps(second))
    assert torch.equal(copy.unpacked(), second.unpacked())
    both = joined([deepcopy(first), copy])
    assert torch.equal(both.unpacked(), torch.cat([first.unpacked(), second.unpacked()]))


def test_where_nothing_can_be_kept_kernels_are_compiled_for_this_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(compiled.platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "file" / "cache")
    folder = compiled._folder()
    assert folder.is_dir()
    assert tmp_path not in folder.parents
    folder.rmdir()


@pytest.mark.slow
def test_where_there_is_no_openmp_threads_take_turns() -> None:
    """Numba's own threads would end the process when two callers come at once."""
    work = (
        "from threading import Thread; import torch; from fmstudio.nn.packed import PackedMatrix\n"
        "matrix, x, out = PackedMatrix(960, 576, 32), torch.ones(576), torch.empty(4, 960)\n"
        "def work(n):\n"
        "    for _ in range(200): matrix.matvec(x, out[n]); matrix.matmul(out.new_ones(2, 576))\n"
        "threads = [Thread(target=work, args=(n,)) for n in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "import numba; print(numba.threading_layer())"
    )
    told = subprocess.run(
        [sys.executable, "-c", work], env={**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "OMP_NUM_THREADS": "2"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stdout.strip()) == (0, "workqueue"), told.stderr


@pytest.mark.usefixtures("two_threads")
def test_several_threads_multiply_at_once() -> None:
    packed, plain = pair(rows=960, columns=576)
    wrong: list[AssertionError] = []

    def work() -> None:
        out = torch.empty(960)
        for _ in range(50):
            packed.matvec(noise(576), out)
            try:
                assert_product(out, plain, noise(576))
            except AssertionError as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
