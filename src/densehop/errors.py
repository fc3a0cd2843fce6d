"""The errors densehop raises on purpose: each one line that says what came, what is allowed and what to do."""


class DensehopError(Exception):
    """Base of every error that densehop raises on purpose."""


class InvalidInput(DensehopError, ValueError):
    """An argument that no method could work with."""


class OutOfRange(DensehopError, ValueError):
    """A valid problem that lies outside what the implemented theory describes."""


class NoSolution(DensehopError):
    """The branch asked for does not exist at this point."""


class NotConverged(DensehopError):
    """A search ended without telling whether the state exists: the message says how far it came."""


class Incomplete(DensehopError):
    """Some cells of a campaign have no result; the others are kept."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C came and what was done so far is saved; the message says where and how to go on."""


class MissingPackage(DensehopError, ImportError):
    """A package that only this call needs is not installed."""

    @classmethod
    def of_extra(cls, caller: str, package: str, extra: str, error: ImportError) -> "MissingPackage":
        """Return the error of a caller whose package, one of an extra of densehop, cannot be imported."""
        advice = f"pip install 'densehop[{extra}]'"
        return cls(f"{caller} needs the package {package}, which cannot be imported ({error}): {advice}")
