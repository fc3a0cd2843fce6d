"""Writing files so that nobody ever sees half of one, or half of a set."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files beside their targets first, then put all of them in place; on an error no target is touched."""
    targets = {path.resolve(): data for path, data in contents.items()}  # a link keeps pointing where it points
    with ExitStack() as stack:
        ready = {path: stack.enter_context(_Temporary(path)) for path in targets}
        for path, data in targets.items():
            ready[path].fill(data)
        for path in targets:
            ready[path].name.replace(path)


class _Temporary:
    """A file beside its target that vanishes at the end unless it was put in place."""

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
        """Write the data down to the disk, with the permissions of an ordinary new file."""
        with self.name.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.name.chmod(0o666 & ~_umask())


def _umask() -> int:
    """Read the process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
