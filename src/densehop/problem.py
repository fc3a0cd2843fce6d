"""The problems that the theory answers: thermodynamic parameters, checked once and then frozen, without N."""

import math
from dataclasses import dataclass

import numpy as np

from densehop.base import checks
from densehop.errors import InvalidInput


@dataclass(frozen=True)
class DirectModel:
    """A network at `temperature` stores M random memories; the question is whether it retrieves one of them.

    Parameters
    ----------
    p : int
        Number of bodies in the energy, >= 2.
    load : float
        alpha = M p!/N^(p-1) for M memories of N spins (docs/theory.md, eq. 4); 0 is a single memory.
    temperature : float
        T in units of the p-body coupling; 0 is the limit of vanishing noise.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    p: int
    load: float
    temperature: float

    def __post_init__(self) -> None:
        _check(self)

    @property
    def gamma(self) -> float:
        """Gamma = alpha/T^2, on which alone the spin glass depends for p >= 3; inf at T = 0."""
        return _gamma(self)


@dataclass(frozen=True)
class TeacherStudent:
    """A student at `temperature` infers the pattern from which a teacher drew its examples.

    Parameters
    ----------
    p : int
        Number of bodies in the student's energy, >= 2.
    load : float
        alpha = M p!/N^(p-1) for M examples of N spins (docs/theory.md, eq. 4).
    temperature, teacher_temperature : float
        The student's T >= 0, where 0 is the limit, and the teacher's T* > 0, in units of the p-body coupling.
    teacher_p : int, optional
        Number of bodies in the teacher's energy; None means p.
    signal : float, optional
        lambda >= 0, how strongly the examples together point at the pattern (docs/theory.md, section 3), for p >= 3.
        It replaces teacher_temperature: exactly one of the two is given.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    p: int
    load: float
    temperature: float
    teacher_temperature: float | None = None
    teacher_p: int | None = None
    signal: float | None = None

    def __post_init__(self) -> None:
        _check(self)
        freeze = object.__setattr__
        teacher_p = self.p if self.teacher_p is None else self.teacher_p
        freeze(self, "teacher_p", checks.integer("teacher_p", teacher_p, 2))
        if (self.teacher_temperature is None) == (self.signal is None):
            raise InvalidInput("give exactly one of teacher_temperature and signal")
        if self.signal is None:
            freeze(self, "teacher_temperature", checks.number("teacher_temperature", self.teacher_temperature))
        elif self.p == 2:
            raise InvalidInput("p = 2 takes teacher_temperature, not signal: its noise depends on the teacher too")
        else:
            freeze(self, "signal", checks.number("signal", self.signal, zero_allowed=True))

    @classmethod
    def nishimori(cls, p: int, load: float, temperature: float) -> "TeacherStudent":
        """Return the Bayes-optimal problem: the student knows the teacher's p and T (docs/theory.md, section 4).

        Raises
        ------
        InvalidInput
            If a value is out of its range; the temperature must be positive.
        """
        temperature = checks.number("temperature", temperature)
        return cls(p=p, load=load, temperature=temperature, teacher_temperature=temperature)

    @classmethod
    def finite_noise(
        cls, p: int, scaled_load: float, temperature: float, teacher_temperature: float
    ) -> "TeacherStudent":
        """Return the problem of few examples from a two-body teacher with p even, p >= 4 (docs/theory.md, eq. 46).

        These examples carry the signal lambda = eta a and no noise: alpha = 0.

        Parameters
        ----------
        p : int
            The student's number of bodies.
        scaled_load : float
            a = M (p/2+1)!/N^(p/2) >= 0.
        temperature, teacher_temperature : float
            The student's T >= 0, and T* > 2, above which a two-body teacher is disordered.

        Raises
        ------
        InvalidInput
            If a value is out of its range, or the signal exceeds 1e308.
        """
        p = even_bodies(p)
        scaled_load = checks.number("scaled_load", scaled_load, zero_allowed=True)
        if checks.number("teacher_temperature", teacher_temperature) <= 2:
            raise InvalidInput(
                f"teacher_temperature must exceed 2, where a two-body teacher orders, got {teacher_temperature:g}"
            )
        try:
            eta = _odd_factorial(p - 1) / math.factorial(p // 2 + 1) * (2 / (teacher_temperature - 2)) ** (p // 2)
        except OverflowError as error:
            raise InvalidInput(f"the signal at p = {p} exceeds 1e308: choose a smaller p") from error
        return cls(p=p, load=0.0, temperature=temperature, teacher_p=2, signal=eta * scaled_load)

    @classmethod
    def large_noise(
        cls, p: int, load: float, temperature: float, scaled_teacher_temperature: float
    ) -> "TeacherStudent":
        """Return the problem of many examples from a hot two-body teacher with p even, p >= 4 (docs/theory.md, eq. 47).

        Parameters
        ----------
        p : int
            The student's number of bodies.
        load : float
            alpha = M p!/N^(p-1) >= 0.
        temperature : float
            The student's T >= 0.
        scaled_teacher_temperature : float
            t = T*/N^(1-2/p) > 0; the signal is lambda = alpha t^(-p/2)/(p/2)!.

        Raises
        ------
        InvalidInput
            If a value is out of its range, or the signal exceeds 1e308.
        """
        p = even_bodies(p)
        load = checks.number("load", load, zero_allowed=True)
        scaled = checks.number("scaled_teacher_temperature", scaled_teacher_temperature)
        try:
            signal = load * scaled ** (-p / 2) / math.factorial(p // 2)
        except OverflowError as error:
            raise InvalidInput(f"the signal at p = {p} exceeds 1e308: choose a smaller p") from error
        return cls(p=p, load=load, temperature=temperature, teacher_p=2, signal=signal)

    @property
    def on_nishimori_line(self) -> bool:
        """Whether the student's law is the teacher's: same p, same temperature."""
        return self.teacher_p == self.p and self.teacher_temperature == self.temperature

    @property
    def gamma(self) -> float:
        """Gamma = alpha/T^2, the only parameter on the Nishimori line for p >= 3 (docs/theory.md, eq. 13)."""
        return _gamma(self)


def _check(problem: DirectModel | TeacherStudent) -> None:
    """Check and freeze what every problem has."""
    freeze = object.__setattr__
    freeze(problem, "p", checks.body_number(problem.p))
    for name in ("load", "temperature"):
        if np.ndim(getattr(problem, name)) > 0:
            raise InvalidInput(
                f"{name} must be one number, got shape {np.shape(getattr(problem, name))}: a problem is one point; "
                "`densehop.theory.solve_grid` and `phase_diagram` take arrays"
            )
    freeze(problem, "load", checks.number("load", problem.load, zero_allowed=True))
    freeze(problem, "temperature", checks.number("temperature", problem.temperature, zero_allowed=True))


def _gamma(problem: DirectModel | TeacherStudent) -> float:
    """Return gamma = load/T^2, in the limit T -> 0 infinity, or 0 without load."""
    if problem.temperature == 0:
        return math.inf if problem.load > 0 else 0.0
    return problem.load / problem.temperature / problem.temperature


def even_bodies(p: object) -> int:
    """Return an even p >= 4: a two-body teacher's examples look the same from xi* and -xi*."""
    p = checks.body_number(p)
    if p % 2:
        raise InvalidInput(f"p must be even, got {p}: an odd p learns nothing from a two-body teacher")
    if p == 2:
        raise InvalidInput("p must be even and at least 4, got 2: with two bodies nothing is scaled, give T* itself")
    return p


def _odd_factorial(n: int) -> int:
    """Return n!! = n (n-2) ... 1 for an odd n."""
    return math.prod(range(n, 0, -2))


def n_examples_for(load: float, n_spins: int, p: int | None) -> int:
    """Return the number of examples M whose load is nearest to alpha = M p!/N^(p-1) (docs/theory.md, eq. 4).

    Parameters
    ----------
    load : float
        alpha >= 0; at p = 2 it is 2M/N.
    n_spins, p : int
        N and the number of bodies, 2 <= p <= N; p = None is the exponential energy with the load log(M)/N (eq. 93).

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or M exceeds 1e308.
    """
    load = checks.number("load", load, zero_allowed=True)
    n_spins = checks.integer("n_spins", n_spins, 1)
    if p is not None:
        p = checks.body_number(p, n_spins)
    try:
        return round(math.exp(load * n_spins) if p is None else load * float(n_spins ** (p - 1) / math.factorial(p)))
    except OverflowError as error:
        energy = "the exponential energy" if p is None else f"p = {p}"
        raise InvalidInput(f"load {load:g} with {n_spins} spins and {energy} means more than 1e308 examples") from error


def load_of(n_examples: int, n_spins: int, p: int | None) -> float:
    """Return the load alpha = M p!/N^(p-1) of M examples or memories of N spins (docs/theory.md, eq. 4).

    Parameters
    ----------
    n_examples, n_spins : int
        M >= 0 and N; M >= 1 for the exponential energy.
    p : int
        Number of bodies, 2 <= p <= N; at p = 2 the load is 2M/N; None is the exponential energy, whose load is log(M)/N
        (eq. 93).

    Raises
    ------
    InvalidInput
        If an argument is out of its range, or the load exceeds 1e308.
    """
    n_examples = checks.integer("n_examples", n_examples, 0 if p is not None else 1)
    n_spins = checks.integer("n_spins", n_spins, 1)
    if p is None:
        return math.log(n_examples) / n_spins
    p = checks.body_number(p, n_spins)
    try:
        return float(n_examples * math.factorial(p) / n_spins ** (p - 1))
    except OverflowError as error:
        raise InvalidInput(f"the load of {n_examples} examples of {n_spins} spins at p = {p} exceeds 1e308") from error
