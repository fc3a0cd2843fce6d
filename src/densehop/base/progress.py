"""Reports of progress: what a long computation needs from whoever shows how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Where a computation reports how far it is."""

    def total(self, steps: int) -> None:
        """Announce how many steps there are."""

    def advance(self, steps: int = 1) -> None:
        """Report steps done; may be called from any thread."""


class NoProgress:
    """A progress that shows nothing."""

    def total(self, steps: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""
