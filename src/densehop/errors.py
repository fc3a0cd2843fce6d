"""The errors that densehop raises on purpose: each is one line that says what came, what is allowed and what to do."""

__all__ = [
    "DensehopError",
    "Incomplete",
    "InternalError",
    "Interrupted",
    "InvalidInput",
    "MissingPackage",
    "NoSolution",
    "NotConverged",
    "OutOfRange",
]


class DensehopError(Exception):
    """The base of every error that densehop raises on purpose, except `Interrupted`, which is a `KeyboardInterrupt`."""


class InvalidInput(DensehopError, ValueError):
    """An argument is not allowed, whatever the method, such as a negative load or a spin that is neither -1 nor +1."""


class OutOfRange(DensehopError, ValueError):
    """The problem is valid, but the implemented theory does not describe it, such as a signal that diverges with N."""


class NoSolution(DensehopError):
    """The branch, line or state that was asked for does not exist at this point, such as retrieval at a large load."""


class NotConverged(DensehopError):
    """A search ended without telling whether the state exists: the message says how far it came."""


class Incomplete(DensehopError):
    """Some cells of a campaign failed; the results of the others are kept."""


class InternalError(DensehopError, RuntimeError):
    """A result that contradicts itself: a fault of densehop, not of its input. It is never returned."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C stopped a run whose work so far is saved; the message says where it is and how to go on."""


class MissingPackage(DensehopError, ImportError):
    """An optional package that this call needs cannot be imported; the message names the extra that installs it."""

    @classmethod
    def of_extra(cls, caller: str, package: str, extra: str, error: ImportError) -> "MissingPackage":
        """Return the error for `caller`, which needs a package that one of densehop's extras installs."""
        advice = f"pip install 'densehop[{extra}]'"
        return cls(f"{caller} needs the package {package}, which cannot be imported ({error}): {advice}")
