"""Memories in a file of the user's choice: the same answers, and beyond what the process may hold in memory."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from densehop import DenseAssociativeMemory, InvalidInput

LIMITED = """
import json, resource, sys
import numpy as np, densehop as dh

def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024

data = np.load(sys.argv[1], mmap_mode="r")
small = dh.DenseAssociativeMemory(beta=9.0).fit(data[:9000])
small.recall(data[:70]); small.kneighbors(data[:70])  # compiles and allocates what any memory does
before = anonymous()
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
limit = used + int(sys.argv[3]) * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
memory = dh.DenseAssociativeMemory(beta=9.0, store=sys.argv[2]).fit(data)
found, near = memory.recall(data[-70:]), memory.kneighbors(data[-70:])[1][:, 0]
answers = [bool((one == np.arange(len(data) - 70, len(data))).all()) for one in (found.memory, near)]
grown = anonymous() - before
try:
    limited = not dh.DenseAssociativeMemory(beta=9.0).fit(data)
except MemoryError:
    limited = True
print(json.dumps({"grown": grown, "right": answers, "known": bool(found.known.all()), "limited": limited}))
"""


@pytest.mark.parametrize("kind", ["signs", "greys"])
def test_a_store_answers_as_memory_does(tmp_path, kind):
    random = np.random.default_rng(0)
    data = random.random((300, 60)).astype(np.float32) if kind == "greys" else random.integers(0, 2, (300, 60))
    asked = data[:40].astype(np.float32)
    asked[:, :9] = np.nan
    plain, path = DenseAssociativeMemory(), tmp_path / "store.npy"
    stored = DenseAssociativeMemory(store=path)
    one, two = plain.fit(data).recall(asked), stored.fit(data).recall(asked)
    for name in ("patterns", "memory", "energy", "p_value", "confidence", "settled"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert [file.name for file in tmp_path.iterdir()] == ["store.npy"]
    assert np.load(path, mmap_mode="r").nbytes == (300 * 60 * 4 if kind == "greys" else 320 * 64 // 8)
    earlier = pickle.loads(pickle.dumps(stored))
    other = clone(stored).fit(data[:5])  # writes the same path: what maps the earlier file keeps it
    assert len(other.memories_) == 5
    np.testing.assert_array_equal(stored.memories_, plain.memories_)
    np.testing.assert_array_equal(earlier.memories_, plain.memories_)
    for memory in (plain, stored):
        memory.forget(indices=range(7)).partial_fit(data[:3])
    np.testing.assert_array_equal(stored.memories_, plain.memories_)


def test_what_is_no_store_is_refused(tmp_path):
    data = np.eye(5)
    for store, message in (
        (tmp_path / "none" / "a.npy", r"store '.*a.npy' cannot be written \(No such file"),
        (tmp_path / "a.bin", "path of a .npy file, got '.*a.bin'"),
        (3, "path of a .npy file, got 3"),
    ):
        with pytest.raises(InvalidInput, match=message):
            DenseAssociativeMemory(store=store).fit(data)
    with pytest.raises(InvalidInput, match="'strict' moves site by site"):
        DenseAssociativeMemory("strict", store=tmp_path / "a.npy").fit(data)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and memory are read as Linux tells them")
@pytest.mark.parametrize("kind", ["signs", pytest.param("greys", marks=pytest.mark.long)])
def test_a_store_stays_out_of_memory(tmp_path, kind):
    """A process that may not hold the rows works from the file; without one it fails, so the limit is one."""
    random = np.random.default_rng(1)
    if kind == "signs":
        data, allowed = random.integers(0, 2, (300_000, 640), dtype=np.uint8), 20  # MB; 24 of bits, 192 of bytes
    else:
        data, allowed = random.random((110_000, 128), dtype=np.float32), 50  # MB; 56 of values
    np.save(tmp_path / "data.npy", data)
    command = [sys.executable, "-c", LIMITED, tmp_path / "data.npy", tmp_path / "store.npy", str(allowed)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["right"] == [True, True]
    assert found["known"]
    assert found["grown"] < allowed
    assert found["limited"]


@pytest.mark.parametrize("mode", ["r", "c"])
def test_greys_that_need_no_encoding_stay_in_their_file(tmp_path, mode):
    """What may change under the memory, or needs encoding, is copied."""
    greys = np.random.default_rng(1).uniform(-1, 1, (60, 9)).astype(np.float32)
    greys[0, :2] = -1, 1
    np.save(tmp_path / "greys.npy", greys)
    mapped = np.load(tmp_path / "greys.npy", mmap_mode=mode)
    memory, copied = DenseAssociativeMemory().fit(mapped), DenseAssociativeMemory().fit(greys)
    assert np.shares_memory(memory.memories_, mapped) == (mode == "r")
    assert not np.shares_memory(copied.memories_, greys)
    np.testing.assert_allclose(memory.transform(greys[:9]), copied.transform(greys[:9]), atol=1e-6)
    for one in (memory, copied):
        one.partial_fit(2 * greys[:3])
    assert not np.shares_memory(memory.memories_, mapped)
    np.testing.assert_allclose(memory.transform(greys[:9]), copied.transform(greys[:9]), atol=1e-6)


@pytest.mark.parametrize("kind", ["signs", "greys"])
def test_what_questions_need_does_not_go_into_pickles(kind):
    random = np.random.default_rng(0)
    rows = random.choice([-1.0, 1.0], (2000, 64)) if kind == "signs" else random.random((2000, 64))
    memory = DenseAssociativeMemory().fit(rows)
    before = len(pickle.dumps(memory))
    first = memory.recall(rows[:300])
    memory.kneighbors(rows[:3])
    assert len(pickle.dumps(memory)) == before
    again = pickle.loads(pickle.dumps(memory)).recall(rows[:300])
    np.testing.assert_array_equal(again.patterns, first.patterns)
    np.testing.assert_array_equal(again.p_value, first.p_value)
