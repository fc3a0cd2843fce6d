"""A file that is in memory, such as one that a browser has sent. It is read where a path is, and never written."""

import io
from pathlib import PurePath


class Upload(io.BytesIO):
    """The content of a file under its name."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.path = PurePath(PurePath(name).name)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        return self.path.suffix

    def read_bytes(self) -> bytes:
        """Return the whole content."""
        return self.getvalue()
