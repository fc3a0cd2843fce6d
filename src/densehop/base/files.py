"""Writing files so that no reader ever sees a part of a file, or a part of a set of files."""

import errno
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

# what network and container mounts answer to a request that they do not know; a full or broken disk says something else
UNKNOWN_REQUEST = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.ENOTTY}


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write all files beside their targets, then rename them; an error while writing leaves every target as it was."""
    targets = {path.resolve(): data for path, data in contents.items()}  # a symbolic link stays one
    with ExitStack() as stack:
        ready = {path: stack.enter_context(_Temporary(path)) for path in targets}
        for path, data in targets.items():
            ready[path].fill(data)
        for path in targets:
            ready[path].name.replace(path)


class _Temporary:
    """A temporary file beside its target, deleted at the end unless it was renamed."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> "_Temporary":
        handle, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.stem}-", suffix=".part")
        os.close(handle)
        self.name = Path(name)
        return self

    def __exit__(self, *details: object) -> None:
        self.name.unlink(missing_ok=True)

    def fill(self, data: bytes) -> None:
        """Write the data to the disk, with the permissions of an ordinary new file."""
        with self.name.open("wb") as file:
            file.write(data)
            file.flush()
            _reach_the_disk(file.fileno())
        with suppress(OSError):  # a mount may have permissions of its own
            self.name.chmod(0o666 & ~_umask())


def _reach_the_disk(handle: int) -> None:
    """Wait until a file is on the disk, where the file system can say so."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNKNOWN_REQUEST:
            raise


def _umask() -> int:
    """Return the umask of the process, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
