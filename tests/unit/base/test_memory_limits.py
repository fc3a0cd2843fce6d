"""The memory that may be used is the least that machine, control groups and `ulimit` leave."""

import subprocess
import sys

import psutil
import pytest

from densehop.base import checks, memory_limits

GIB = 2**30


def group(folder, names, limit, used, cached=0):
    """Write what a control group says of itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, used), strict=False):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {cached}\n")


def rooms(root, own):
    """Return what the groups above a process leave."""
    return list(memory_limits.cgroup_rooms(memory_limits.groups_above(root, own)))


@pytest.mark.parametrize(
    ("names", "root", "line"),
    [(memory_limits.UNIFIED, "", "0::/jobs/mine"), (memory_limits.LEGACY, "memory", "4:memory:/jobs/mine")],
)
def test_every_group_above_this_process_counts(names, root, line, tmp_path):
    own, place = tmp_path / "own", tmp_path / "groups"
    own.write_text(f"9:name=systemd:/\n{line}\n")
    assert rooms(place, own) == []
    group(place / root / "jobs/mine", names, "max", 3 * GIB)
    assert rooms(place, own) == []
    group(place / root / "jobs/mine", names, 4 * GIB, 3 * GIB, cached=GIB)
    group(place / root / "jobs", names, 8 * GIB, 7 * GIB)
    group(tmp_path, names, 1, 1)  # above the mount: another's
    assert rooms(place, own) == [2 * GIB, GIB]
    own.write_text(
        f"{line.replace('/jobs/mine', '/unseen/from/here')}\n"
    )  # a container shows its own group as the root
    group(place / root, names, 5 * GIB, 6 * GIB)
    assert rooms(place, own) == [0]


def test_no_groups_are_no_limit(tmp_path):
    assert rooms(tmp_path, tmp_path / "none") == []
    assert 0 < checks.free_memory() <= psutil.virtual_memory().available * 1.1


def test_ulimit_counts():
    """`ulimit -v`, as batch systems set it: a large array is refused in words, not by a MemoryError."""
    code = (
        "import densehop as dh; from densehop.base import checks; print(checks.free_memory())\n"
        "try: dh.PBodyHopfield([[1, -1] * 100], 2).sample(1.0, n_sweeps=10**7, n_chains=30)\n"
        "except dh.InvalidInput as error: print(error)"
    )

    limited = f'ulimit -v {6 * GIB // 1024} && exec "$0" -c "$1"'
    told = subprocess.run(["bash", "-c", limited, sys.executable, code], capture_output=True, text=True, check=True)
    room, words = told.stdout.splitlines()
    assert 0 < int(room) < 6 * GIB
    assert "sampling needs 20.1 GiB, but " in words
