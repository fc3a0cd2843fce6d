"""Problems of exponentially many memories: thermodynamic parameters, checked once and then frozen, without N."""

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

    Random memories that have nothing to do with the pattern may be stored beside them.

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
    unrelated_load : float, optional
        C = log(M')/N >= 0 for M' independent random memories beside the examples; None is no memory.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    load: float
    sharpness: float
    temperature: float
    reliability: float
    unrelated_load: float | None = None

    def __post_init__(self) -> None:
        _check(self)
        freeze = object.__setattr__
        freeze(self, "reliability", checks.between("reliability", self.reliability, 0, 1))
        if self.unrelated_load is not None:
            freeze(self, "unrelated_load", checks.number("unrelated_load", self.unrelated_load, zero_allowed=True))


@dataclass(frozen=True)
class ExponentialArchetypes:
    """The same network stores noisy copies of many random archetypes, exp(A N) copies of exp(B N) archetypes.

    Parameters
    ----------
    load : float
        A = log(M)/N >= 0 for all M copies of N spins together.
    sharpness : float
        L > 0.
    temperature : float
        T >= 0, where 0 is the limit.
    reliability : float
        r from 0 to 1: each site of a copy equals that of its archetype with probability (1 + r)/2.
    archetype_load : float
        B = log(K)/N for K archetypes, from 0 to A; each has M/K copies. 0 is a few archetypes, A a few copies of each.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    load: float
    sharpness: float
    temperature: float
    reliability: float
    archetype_load: float

    def __post_init__(self) -> None:
        _check(self)
        freeze = object.__setattr__
        freeze(self, "reliability", checks.between("reliability", self.reliability, 0, 1))
        freeze(self, "archetype_load", checks.between("archetype_load", self.archetype_load, 0, self.load))

    @property
    def copies_load(self) -> float:
        """A - B = log(M/K)/N, the load of the copies of one archetype."""
        return self.load - self.archetype_load


@dataclass(frozen=True)
class RectifiedModel:
    """A network with the energy -N sum_a max(k_a/N, 0)^n stores exp(A N) memories, with n = c N (eq. 91).

    Parameters
    ----------
    load : float
        A = log(M)/N >= 0 for M memories of N spins.
    degree : float
        c = n/N > 0, the degree of the polynomial per spin.
    temperature : float
        T >= 0, in units in which a memory has the energy -1 per spin; 0 is the limit.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    load: float
    degree: float
    temperature: float

    def __post_init__(self) -> None:
        freeze = object.__setattr__
        freeze(self, "load", checks.number("load", self.load, zero_allowed=True))
        freeze(self, "degree", checks.number("degree", self.degree))
        freeze(self, "temperature", checks.number("temperature", self.temperature, zero_allowed=True))


def _check(problem: ExponentialModel | ExponentialTeacherStudent | ExponentialArchetypes) -> None:
    """Check and freeze what exponential energies have."""
    freeze = object.__setattr__
    freeze(problem, "load", checks.number("load", problem.load, zero_allowed=True))
    freeze(problem, "sharpness", checks.number("sharpness", problem.sharpness))
    freeze(problem, "temperature", checks.number("temperature", problem.temperature, zero_allowed=True))


ExponentiallyMany = ExponentialModel | ExponentialTeacherStudent | ExponentialArchetypes | RectifiedModel
