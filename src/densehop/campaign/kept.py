"""Results that are kept in a file, a line each, so that a run of hours goes on where it was interrupted."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from densehop.base.arrays import Floats


class Kept:
    """Arrays of numbers by name, in a file that grows by a line whenever one was computed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._values: dict[str, list[float]] = {}
        if file.exists():
            for line in file.read_text("utf-8").splitlines():
                try:
                    self._values.update(json.loads(line))
                except json.JSONDecodeError:  # the run ended while it wrote this line
                    continue

    def get(self, name: str, compute: Callable[[], Floats]) -> Floats:
        """Return the numbers of this name; compute them if the file has none."""
        if name not in self._values:
            self._values[name] = compute().tolist()
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(f"\n{json.dumps({name: self._values[name]})}")
        return np.array(self._values[name])
