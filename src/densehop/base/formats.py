"""The number of the format in which files are written, so that a later version knows what it reads.

A file from before formats had numbers is of format 1, which is that of version 0.1.0.
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from densehop.base.version import __version__
from densehop.errors import InvalidInput

FORMAT = 1  # of datasets and of models; raise it when what an old reader finds in a file would mislead it
NAME = "densehop_format"


def origin() -> dict[str, Any]:
    """Return the attributes that say which version wrote a file, and in which format."""
    return {"densehop_version": __version__, NAME: FORMAT}


def require_readable(attributes: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Refuse a file whose format is newer than the newest that this version knows."""
    written = int(attributes.get(NAME, 1))
    if written > FORMAT:
        raise InvalidInput(
            f"'{path}' was written by densehop {attributes.get('densehop_version', '(unknown)')} in format {written}, "
            f"and densehop {__version__} reads formats up to {FORMAT}: install that version or a later one"
        )
