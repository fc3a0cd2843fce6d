"""How kernels are compiled, and what is kept of that on disk."""

import pickle
from typing import NamedTuple

import numpy as np
import pytest
from numba.core.errors import NumbaError

from densehop import kernels


def sum_of_new(values):
    return (values / 2).sum()


def mean_of_new(values):  # not the same: the cache on disk would mix up how they are compiled
    return (values / 2).mean()


def test_lean_functions_cannot_allocate():
    """Arrays are not counted in them, so one that they made would be lost."""
    with pytest.raises(NumbaError, match="NRT required"):
        kernels.lean(sum_of_new)(np.ones(3))


def test_a_numba_without_the_private_option_counts(monkeypatch):
    monkeypatch.setattr(kernels, "UNCOUNTED", {})
    assert kernels.lean(mean_of_new)(np.ones(3)) == 0.5


def double(value):
    return 2 * value


def from_disk(kernel):
    """Return how many signatures a kernel found on disk."""
    return sum(kernel.stats.cache_hits.values())


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """Return a function that compiles `double` as a new process would, with machine code in a folder of its own."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))

    def compile_anew():
        kernel = kernels.compiled(double)
        assert kernel(21) == 42
        return kernel

    return compile_anew


def test_machine_code_is_kept_until_any_file_of_the_kernels_changes(cached, monkeypatch):
    """Numba itself looks only at the file of the function, not at those of what it calls."""
    assert [from_disk(cached()) for _ in range(2)] == [0, 1]
    monkeypatch.setattr(kernels, "source_stamp", lambda: "the sources after a change in another file")
    assert [from_disk(cached()) for _ in range(2)] == [0, 1]


def test_the_stamp_knows_all_files(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "square.py").write_text("a = 1")
    before = kernels.source_stamp.__wrapped__()
    (tmp_path / "forms" / "square.py").write_text("a = 2")
    assert kernels.source_stamp.__wrapped__() != before


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps(3)])
def test_damaged_files_mean_another_compilation(cached, tmp_path, content):
    cached()
    for pattern in ("*.nbi", "*.nbc"):
        files = list(tmp_path.rglob(pattern))
        assert files
        for file in files:
            file.write_bytes(content)
        assert from_disk(cached()) == 0
    assert from_disk(cached()) == 1


def test_a_full_disk_means_another_compilation(cached, monkeypatch):
    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", refuse)
    assert [from_disk(cached()) for _ in range(2)] == [0, 0]


class Metres(NamedTuple):
    value: int


class Feet(NamedTuple):
    value: int


@kernels.generic
def doubled(length):
    raise NotImplementedError(type(length))


@kernels.implements(doubled, Metres)
def _doubled_metres(length):
    return 2 * length.value


@kernels.implements(doubled, Feet)
def _doubled_feet(length):
    return -2 * length.value


def call_doubled(length):
    return doubled(length)


def test_generic_functions_take_the_code_of_the_class():
    """In compiled code and in Python, though both classes look the same to numba but for their names."""
    kernel = kernels.lean(call_doubled)
    for call in (kernel, doubled):
        assert (call(Metres(3)), call(Feet(3))) == (6, -6)
    with pytest.raises(NotImplementedError):
        doubled(3)
    with pytest.raises(NumbaError):
        kernel((3,))
