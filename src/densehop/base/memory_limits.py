"""How much memory may still be used: by the machine, by a container or batch system (cgroups), by `ulimit`."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# where a group says: its limit, what it uses, and the line of memory.stat with cached files that it can give back
UNIFIED = ("memory.max", "memory.current", "inactive_file")  # cgroup v2
UNLIMITED = 2**60  # bytes: version 1 writes a number near 2^63 where there is no limit
LEGACY = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")  # cgroup v1


Group = tuple[Path, tuple[str, str, str]]  # a group's folder, and what its files are called


def usable_memory() -> int:
    """Return how many bytes this process may still use: the least of all that the limits leave."""
    return min(rooms().values())


def rooms() -> dict[str, int]:
    """Return how many bytes each limit that there is leaves to this process."""
    left = {"machine": [int(psutil.virtual_memory().available)]}
    left |= {"container or batch system": list(cgroup_rooms(_own_limited_groups())), "ulimit": list(_ulimit_rooms())}
    return {name: max(0, min(several)) for name, several in left.items() if several}


def cgroup_rooms(groups: Iterable[Group]) -> Iterator[int]:
    """Yield what each control group leaves that has a limit."""
    for group, names in groups:
        if (room := _room(group, names)) is not None:
            yield room


@lru_cache(maxsize=1)
def _own_limited_groups() -> tuple[Group, ...]:
    """Return the groups of this process that have a limit, looked for once: a short simulation asks often."""
    return tuple((group, names) for group, names in groups_above() if _room(group, names) is not None)


def groups_above(root: Path = CGROUPS, own: Path = OWN_CGROUPS) -> Iterator[Group]:
    """Yield the control groups above this process, of either version.

    `root` is where they are mounted, `own` the file that names those of this process.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _above(root, path, UNIFIED)
        elif "memory" in controllers.split(","):
            yield from _above(root / "memory", path, LEGACY)


def _above(root: Path, path: str, names: tuple[str, str, str]) -> Iterator[Group]:
    """Yield the group at a path and all above it; in a container only the root may be visible."""
    folder = root / path.lstrip("/")
    for group in (folder, *folder.parents):
        if group.is_relative_to(root):
            yield group, names


def _room(group: Path, names: tuple[str, str, str]) -> int | None:
    """Return what one group leaves; None where it has no limit or does not say."""
    limit, used, reclaimable = names
    try:
        allowed, taken = int((group / limit).read_text()), int((group / used).read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    if allowed >= UNLIMITED:
        return None
    try:
        stated = dict(line.split(maxsplit=1) for line in (group / "memory.stat").read_text().splitlines())
        taken -= int(stated.get(reclaimable, 0))
    except (OSError, ValueError):
        pass
    return max(0, allowed - max(0, taken))


def _ulimit_rooms() -> Iterator[int]:
    """Yield what limits on this process leave: of its addresses (`ulimit -v`) and of its data (`ulimit -d`)."""
    if resource is None:
        return
    for kind, name in ((resource.RLIMIT_AS, "vms"), (resource.RLIMIT_DATA, "data")):
        allowed, _ = resource.getrlimit(kind)
        if allowed != resource.RLIM_INFINITY:
            memory = psutil.Process().memory_info()
            yield max(0, allowed - getattr(memory, name, memory.rss))
