"""Arrays in one file that is written atomically, and the checkpoint of an unfinished cell."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.archives import WRONG, Arrays, Damaged, packed, unpacked
from densehop.base.files import write_together

HEADER = "header"


def encode_arrays(arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any]) -> bytes:
    """Return arrays and a header as a .npz file's content; each array carries a checksum."""
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    return packed({HEADER: text, **arrays}, compress=True)


def read_arrays(path: Path, identity: str) -> tuple[Arrays, dict[str, Any]]:
    """Read arrays and header of the cell `identity`; what was read and is not whole raises `Damaged`.

    A file that cannot be read just now, as on a share that went away, raises an OSError, and says nothing about damage.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OSError(
            f"'{path}' cannot be read just now ({error.strerror}): it is left as it is; mend the disk, mount or "
            "permission, then give the same command again"
        ) from error
    arrays = unpacked(content)
    try:
        header = json.loads(arrays.pop(HEADER).tobytes())
        owner = header["identity"]
    except WRONG as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
    if owner != identity:
        raise Damaged(f"it belongs to the cell {owner}")
    return arrays, header


@dataclass
class Checkpoint:
    """Where a cell saves itself now and then, so that a killed run loses little.

    `notes` collects what went wrong on the way: a checkpoint that is damaged or cannot be written never stops a cell.
    One that cannot be read just now does, with an OSError, since beginning anew would overwrite it.
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
