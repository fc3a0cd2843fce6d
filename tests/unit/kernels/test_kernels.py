"""How kernels are compiled, and what is kept of that on disk."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest
from numba.core.errors import NumbaError

from densehop import kernels
from densehop.kernels import disk


def sum_of_new(values):
    return (values / 2).sum()


def mean_of_new(values):  # not the same: the cache on disk would mix up how they are compiled
    return (values / 2).mean()


def test_lean_functions_cannot_allocate():
    """Arrays are not counted in them, so one that they made would be lost."""
    with pytest.raises(NumbaError, match="NRT required"):
        kernels.allocation_free(sum_of_new)(np.ones(3))


def test_a_numba_without_the_private_option_counts(monkeypatch):
    monkeypatch.setattr(kernels, "UNCOUNTED", {})
    assert kernels.allocation_free(mean_of_new)(np.ones(3)) == 0.5


def double(value):
    return 2 * value


def test_what_only_kernels_call_is_not_compiled_for_calls_from_python():
    inner = kernels.inlined(double)

    @kernels.allocation_free
    def quadruple(value):
        return inner(inner(value))

    assert quadruple(3) == 12
    assert "entry" not in vars(inner)
    assert inner(3) == 6


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
        return kernel.entry

    return compile_anew


def test_machine_code_is_kept_until_any_file_of_the_kernels_changes(cached, monkeypatch):
    """Numba itself looks only at the file of the function, not at those of what it calls."""
    assert [from_disk(cached()) for _ in range(2)] == [0, 1]
    monkeypatch.setattr(disk, "source_stamp", lambda: "the sources after a change in another file")
    assert [from_disk(cached()) for _ in range(2)] == [0, 1]


def test_the_stamp_knows_all_files(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "square.py").write_text("a = 1")
    before = disk.source_stamp.__wrapped__()
    (tmp_path / "forms" / "square.py").write_text("a = 2")
    assert disk.source_stamp.__wrapped__() != before


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps(3)])
def test_damaged_files_mean_another_compilation(cached, tmp_path, content):
    cached()
    (file,) = tmp_path.rglob("*.nbc")
    whole = file.read_bytes()
    for damaged in (content, whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        assert [from_disk(cached()) for _ in range(2)] == [0, 1]


def test_a_full_disk_means_another_compilation(cached, monkeypatch):
    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.CodeFiles, "_open_for_write", refuse)
    assert [from_disk(cached()) for _ in range(2)] == [0, 0]


def code_files(folder, count=2):
    """Return what so many processes have for one kernel."""
    return [disk.CodeFiles(str(folder), "double-1.py") for _ in range(count)]


def test_who_comes_second_waits_and_compiles_nothing(tmp_path):
    first, second = code_files(tmp_path)

    def load_second():
        with second.turns():
            return second.load("int")

    with ThreadPoolExecutor(1) as pool:
        with first.turns():
            assert first.load("int") is None
            waiting = pool.submit(load_second)
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
            first.save("int", "code")
        assert waiting.result(10) == "code"
    assert list(tmp_path.glob("*.lock")) == []


def test_no_lock_stays_even_after_an_error(tmp_path, cached):
    cached()
    (files,) = code_files(tmp_path, 1)

    def fail():
        with files.turns():
            files.load("int")
            assert len(list(tmp_path.glob("*.lock"))) == 1
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    assert list(tmp_path.rglob("*.lock")) == []


@pytest.mark.parametrize(("name", "value"), [("PATIENCE", 0.0), ("flock", None), ("flock", "refuse")])
def test_nobody_waits_for_ever_or_where_there_are_no_locks(name, value, tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise OSError(37, "No locks available")

    first, second = code_files(tmp_path)
    monkeypatch.setattr(disk, name, refuse if value == "refuse" else value)
    with first.turns(), second.turns():
        assert first.load("int") is None
        assert second.load("int") is None


def test_two_that_save_at_the_same_time_keep_each_its_own(tmp_path):
    """Neither gets the other's number, and a file whose name fits another signature is not believed."""
    first, second = code_files(tmp_path)
    with first.turns(), second.turns():
        assert first.load("int") is second.load("float") is None
        first.save("int", "code of int")
        second.save("float", "code of float")
        assert [first.load("float"), second.load("int")] == ["code of float", "code of int"]
    first.path("int").replace(first.path("float"))
    with first.turns():
        assert first.load("float") is None


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
    kernel = kernels.allocation_free(call_doubled)
    for call in (kernel, doubled):
        assert (call(Metres(3)), call(Feet(3))) == (6, -6)
    with pytest.raises(NotImplementedError):
        doubled(3)
    with pytest.raises(NumbaError):
        kernel((3,))
