"""Machine code that is kept on disk: which file holds it, whether it belongs to these sources, who compiles it."""

import gc
import hashlib
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler_lock import global_compiler_lock

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows: several processes may compile the same code, and the last one's file stays
    flock = None  # type: ignore[assignment]

UNREADABLE = (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError, pickle.PickleError)
PATIENCE = 120.0  # seconds after which a process compiles what another one seems to compile
PAUSE = 0.02  # seconds between two looks whether it has


@cache
def source_stamp() -> str:
    """Return a name of the sources of all kernels."""
    digest = hashlib.blake2b(digest_size=16)
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


class CodeFiles(IndexDataCacheFile):
    """The machine code of one function, a file for each signature.

    Numba numbers the files and lists them in an index. Two processes that save at the same time may then take the same
    number, and a signature gets the code of another. Here the name follows from the signature, and the file says which
    signature and which sources it belongs to.
    """

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(folder, name, f"{numba.__version__} {source_stamp()}")
        self._base = Path(folder) / name
        self._turns: list[tuple[Path, int]] = []

    def path(self, key: Any) -> Path:
        """Return the file of a signature, a processor and a function's bytecode."""
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8).hexdigest()
        return self._base.with_name(f"{self._base.name}.{digest}.nbc")

    def load(self, key: Any) -> Any:
        """Return what was saved, None if it has to be compiled: then this process has the turn to do so."""
        code = self._read(key)
        if code is None and self._take_turn(self.path(key).with_suffix(".lock")):
            code = self._read(key)  # another process may have compiled it meanwhile
        return code

    def save(self, key: Any, data: Any) -> None:
        """Replace the file of a signature."""
        with self._open_for_write(str(self.path(key))) as file:
            pickle.dump(self._source_stamp, file)
            file.write(self._dump((key, data)))

    def _read(self, key: Any) -> Any:
        try:
            with self.path(key).open("rb") as file:
                if pickle.load(file) != self._source_stamp:
                    return None
                of, data = pickle.load(file)
        except UNREADABLE:
            return None
        return data if of == key else None

    def _take_turn(self, lock: Path) -> bool:
        """Wait until no other process compiles the signature; tell whether it was worth waiting: there are locks."""
        if flock is None:
            return False
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return False
        self._turns.append((lock, handle))
        return _lock(handle)

    @contextmanager
    def turns(self) -> Iterator[None]:
        """End the turns that are taken in this context."""
        others = len(self._turns)
        try:
            yield
        finally:
            while len(self._turns) > others:
                lock, handle = self._turns.pop()
                with suppress(OSError):  # who waits for it holds the deleted file, and finds the machine code
                    lock.unlink()
                os.close(handle)


def _lock(handle: int) -> bool:
    """Lock a file, for as long as it is open; tell whether that went well."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE)
        except OSError:  # a file system without locks
            return False
        else:
            return True
    return False


@contextmanager
def collection_paused() -> Iterator[None]:
    """Leave garbage where it is for a while: a compiler makes many objects that stay, and none is worth a search."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class DiskCache(FunctionCache):
    """Numba's cache on disk, which belongs to the sources of all kernels and whose failure is no failure of a kernel.

    Numba looks only at the file of the function that it compiled, which holds code of other files as well. A file of
    the cache that is damaged or cannot be written only means that a kernel is compiled anew. Of several processes that
    need the same machine code, one compiles it and the others wait, where the file system has locks.
    """

    def __init__(self, function: Callable[..., Any], kind: str) -> None:
        super().__init__(function)
        self._cache_file = self._files = CodeFiles(self._cache_path, f"{self._impl.filename_base}.{kind}")

    def load_overload(self, *arguments: Any) -> Any:
        """Return the machine code of a signature, None if there is none that can be read."""
        try:
            return super().load_overload(*arguments)
        except UNREADABLE:
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Keep the machine code of a signature, where that is possible."""
        with suppress(*UNREADABLE):
            super().save_overload(*arguments)

    def compile_in_turn(self, compile_signature: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a kernel's method `compile` that lets no two processes compile the same signature."""

        def compile_one(signature: Any) -> Any:
            with global_compiler_lock, self._files.turns(), collection_paused():
                return compile_signature(signature)

        return compile_one
