"""The lock of a campaign's folder, also where the file system knows no locks.

Where it does, the system's own lock (`flock`) counts, which ends with its process. Elsewhere (NFS without lockd, Lustre
without -o flock, some container mounts) the file names the process that holds it: on this machine it is known whether
that process lives, and of another machine's the user has to say so, by deleting the file.
"""

import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from densehop.errors import InvalidInput

UNKNOWN_REQUEST = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
LONGEST = 1000  # bytes of a holder's name


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold the lock file at `path`; yield whether the file system has locks. Refuse what another run holds."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # children do not inherit it
    try:
        certain = _acquire(handle, fcntl.LOCK_EX)
        holder = _holder(handle)
        if certain is False:
            raise InvalidInput(f"another run ({holder or 'unknown'}) is at work in '{path.parent}': {_ADVICE}")
        if certain is None and _may_live(holder):
            raise InvalidInput(
                f"another run ({holder}) seems to be at work in '{path.parent}', whose file system has no locks: "
                f"{_ADVICE}, or delete '{path}' if that run has ended"
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        try:
            yield certain is True
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


_ADVICE = "wait for it, or give another folder"


def is_held(path: Path) -> bool:
    """Tell whether a run holds the lock file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        certain = _acquire(handle, fcntl.LOCK_SH)
        return _may_live(_holder(handle)) if certain is None else not certain
    finally:
        os.close(handle)


def _acquire(handle: int, kind: int) -> bool | None:
    """Take the system's lock without waiting: True, False where it is taken, None where there are no locks."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in UNKNOWN_REQUEST:
            raise
        return None
    return True


def _holder(handle: int) -> str:
    """Return what the file says about the process that holds it, "" where none does."""
    return os.pread(handle, LONGEST, 0).decode(errors="replace").strip()


def _may_live(holder: str) -> bool:
    """Tell whether the process that a lock file names may be at work; one on another machine may."""
    named = re.fullmatch(r"process (\d+) on (.+)", holder)
    if named is None:
        return bool(holder)
    number, host = int(named[1]), named[2]
    return host != socket.gethostname() or (number != os.getpid() and psutil.pid_exists(number))
