"""The problems: thermodynamic parameters only, checked once and then frozen. There is no N in them."""

import math
from dataclasses import dataclass

from densehop import checks
from densehop.errors import InvalidInput


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
        T and T* in units of the p-body coupling.
    teacher_p : int, optional
        Number of bodies in the teacher's energy; None means p.

    Raises
    ------
    InvalidInput
        If a value is out of its range.
    """

    p: int
    load: float
    temperature: float
    teacher_temperature: float
    teacher_p: int | None = None

    def __post_init__(self) -> None:
        freeze = object.__setattr__
        freeze(self, "p", checks.body_number(self.p))
        freeze(self, "load", checks.number("load", self.load, zero_allowed=True))
        freeze(self, "temperature", checks.number("temperature", self.temperature))
        freeze(self, "teacher_temperature", checks.number("teacher_temperature", self.teacher_temperature))
        teacher_p = self.p if self.teacher_p is None else self.teacher_p
        freeze(self, "teacher_p", checks.integer("teacher_p", teacher_p, 2))

    @classmethod
    def nishimori(cls, p: int, load: float, temperature: float) -> "TeacherStudent":
        """Return the Bayes-optimal problem: the student knows the teacher's p and temperature."""
        return cls(p=p, load=load, temperature=temperature, teacher_temperature=temperature)

    @property
    def on_nishimori_line(self) -> bool:
        """Whether the student's law is the teacher's: same p, same temperature."""
        return self.teacher_p == self.p and self.teacher_temperature == self.temperature

    @property
    def gamma(self) -> float:
        """Gamma = alpha/T^2, the only parameter on the Nishimori line for p >= 3 (docs/theory.md, eq. 13)."""
        return self.load / self.temperature / self.temperature


def n_examples_for(load: float, n_spins: int, p: int) -> int:
    """Return the number of examples M nearest to the load alpha = M p!/N^(p-1) (docs/theory.md, eq. 4)."""
    load = checks.number("load", load, zero_allowed=True)
    n_spins = checks.integer("n_spins", n_spins, 1)
    p = checks.body_number(p, n_spins)
    try:
        return round(load * float(n_spins ** (p - 1) / math.factorial(p)))
    except OverflowError as error:
        raise InvalidInput(f"load {load:g} with {n_spins} spins and p = {p} means more than 1e308 examples") from error


def load_of(n_examples: int, n_spins: int, p: int) -> float:
    """Return the load alpha = M p!/N^(p-1) of M examples of N spins (docs/theory.md, eq. 4)."""
    n_examples = checks.integer("n_examples", n_examples, 0)
    n_spins = checks.integer("n_spins", n_spins, 1)
    p = checks.body_number(p, n_spins)
    try:
        return float(n_examples * math.factorial(p) / n_spins ** (p - 1))
    except OverflowError as error:
        raise InvalidInput(f"the load of {n_examples} examples of {n_spins} spins at p = {p} exceeds 1e308") from error
