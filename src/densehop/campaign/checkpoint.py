"""Arrays in one file that is written atomically, and the checkpoint of an unfinished cell."""

import io
import json
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.files import write_together

Arrays = dict[str, npt.NDArray[Any]]

HEADER = "header"


class Damaged(Exception):
    """A file that does not hold what was written: truncated, changed, or of another cell."""


def encode_arrays(arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any]) -> bytes:
    """Return arrays and a header as a .npz file's content; each array carries a checksum."""
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{HEADER: text, **arrays})
    return buffer.getvalue()


def read_arrays(path: Path, identity: str) -> tuple[Arrays, dict[str, Any]]:
    """Read arrays and header of the cell `identity`; what is not whole raises `Damaged`."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
        found = header["identity"]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
    if found != identity:
        raise Damaged(f"it belongs to the cell {found}")
    return arrays, header


@dataclass
class Checkpoint:
    """Where a cell saves itself now and then, so that a killed run loses little.

    `notes` collects what went wrong on the way: a checkpoint that cannot be read or written never stops a cell.
    """

    path: Path
    identity: str
    every: float
    notes: list[str] = field(default_factory=list)
    _last: float = field(default_factory=time.monotonic)

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return what was saved last, or None."""
        try:
            return read_arrays(self.path, self.identity)
        except FileNotFoundError:
            return None
        except Damaged as error:
            self.notes.append(f"checkpoint '{self.path}' is damaged ({error}): the cell starts from its beginning")
            return None

    def due(self) -> bool:
        """Tell whether enough time has passed to save again."""
        return time.monotonic() - self._last >= self.every

    def save(self, arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any]) -> None:
        """Replace what was saved last."""
        try:
            write_together({self.path: encode_arrays(arrays, {**header, "identity": self.identity})})
        except OSError as error:
            self.notes.append(f"cannot write the checkpoint '{self.path}': {error.strerror}")
        self._last = time.monotonic()
