"""Problems of memories with exponential energies: thermodynamic parameters, checked once and then frozen, without N."""

from dataclasses import dataclass

from densehop.base import checks


@dataclass(frozen=True)
class ExponentialModel:
    """A network with the energy -(1/L) log sum_a exp(L k_a) stores exp(A N) memories (docs/theory.md, eq. 92 and 93).

    Parameters
    ----------
    load : float
        A = log(M)/N >= 0 for M memories of N spins; there are only exp(N log 2) states.
    sharpness : float
        L > 0.
    temperature : float
        T >= 0, in units in which a memory has the energy -1 per spin; 0 is the limit of vanishing noise.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    load: float
    sharpness: float
    temperature: float

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class ExponentialTeacherStudent:
    """The same network stores exp(A N) noisy examples of one hidden pattern, which a student infers.

    Parameters
    ----------
    load : float
        A = log(M)/N >= 0 for M examples of N spins (docs/theory.md, eq. 92 and 93).
    sharpness : float
        L > 0.
    temperature : float
        The student's T >= 0, where 0 is the limit.
    reliability : float
        r from 0 to 1: each site of an example equals that of the pattern with probability (1 + r)/2.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    load: float
    sharpness: float
    temperature: float
    reliability: float

    def __post_init__(self) -> None:
        _check(self)
        reliability = checks.between("reliability", self.reliability, 0, 1)
        object.__setattr__(self, "reliability", reliability)


def _check(problem: ExponentialModel | ExponentialTeacherStudent) -> None:
    """Check and freeze what both problems have."""
    freeze = object.__setattr__
    freeze(problem, "load", checks.number("load", problem.load, zero_allowed=True))
    freeze(problem, "sharpness", checks.number("sharpness", problem.sharpness))
    freeze(problem, "temperature", checks.number("temperature", problem.temperature, zero_allowed=True))
