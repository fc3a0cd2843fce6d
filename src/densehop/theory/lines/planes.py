"""The planes in which phase diagrams are drawn: what their axes mean, and where the universal curves lie in them.

Each point of a plane is a problem. Its inference states are those of the direct model at a load nu and temperature
tau (`curves`), and a plane maps a curve nu(tau) to its own coordinates explicitly (docs/theory.md, eq. 41).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from densehop.base import checks
from densehop.errors import InvalidInput
from densehop.problem import DirectModel, TeacherStudent, even_bodies
from densehop.theory.models.choice import p_body
from densehop.theory.models.signal import limiting_signal
from densehop.theory.states.model import Problem

MODELS = ("direct", "nishimori", "fixed_teacher", "fixed_load", "finite_noise", "large_noise")
SETTINGS = {  # what a model needs, or in the last case takes, besides p
    "fixed_teacher": "teacher_temperature",
    "fixed_load": "load",
    "finite_noise": "teacher_temperature",
    "large_noise": "scaled_teacher_temperature",
}


TWO_BODY_TEACHER = ("finite_noise", "large_noise")


@dataclass(frozen=True)
class Plane:
    """A plane (axis, temperature) of problems with p bodies.

    Attributes
    ----------
    model : str
        "direct": DirectModel, load against T. "nishimori": the Bayes-optimal student. "fixed_teacher": load against T
        at teacher temperature `value`. "fixed_load": teacher temperature against T at load `value`. "finite_noise" (few
        examples): scaled load a against T for a two-body teacher at temperature `value`. "large_noise": load against T
        for a two-body teacher at scaled temperature `value`, or where that is None on the effective Nishimori line.
    value : float, optional
    """

    model: str
    p: int  # or inf, for the lines that have a limit
    value: float | None = None

    @property
    def axis(self) -> str:
        """What the first coordinate is; "alpha" is the load, a name that no method of a dataset has."""
        return {"fixed_load": "teacher_temperature", "finite_noise": "scaled_load"}.get(self.model, "alpha")

    def problem(self, coordinate: float, temperature: float) -> Problem:
        """Return the problem at a point."""
        p, x, t = self.p, coordinate, temperature
        if self.value is None:
            if self.model == "direct":
                return DirectModel(p, x, t)
            if self.model == "nishimori":
                return TeacherStudent.nishimori(p, x, t)
            return TeacherStudent(p, x, t, teacher_p=2, signal=x / t)
        makers: dict[str, Callable[[float], TeacherStudent]] = {
            "fixed_load": lambda load: TeacherStudent(p, load, t, x),
            "fixed_teacher": lambda teacher_temperature: TeacherStudent(p, x, t, teacher_temperature),
            "finite_noise": lambda teacher_temperature: TeacherStudent.finite_noise(p, x, t, teacher_temperature),
            "large_noise": lambda scaled: TeacherStudent.large_noise(p, x, t, scaled),
        }
        return makers[self.model](self.value)

    @property
    def setting(self) -> dict[str, float]:
        """What holds everywhere in the plane, under the names that datasets give to it."""
        if self.value is None:
            return {}
        name = SETTINGS[self.model]
        return {"alpha" if name == "load" else name: self.value}

    @property
    def universal(self) -> bool:
        """Whether all lines of finite overlap are the direct model's in other coordinates, p >= 3."""
        return p_body(self.p).universal

    @property
    def has_teacher(self) -> bool:
        """Whether there is a pattern to infer."""
        return self.model != "direct"

    @property
    def signal_per_load(self) -> float:
        """Return kappa where the signal is kappa times the first coordinate."""
        if self.p == math.inf and self.model == "fixed_teacher" and self.value is not None:
            return 1 / self.value
        problem = self.problem(1.0, 1.0)
        assert isinstance(problem, TeacherStudent)
        return limiting_signal(problem)

    def point(self, load: float, temperature: float) -> tuple[float, float]:
        """Return the (coordinate, T) of inference states that are the direct model's at (nu, tau), p >= 3 (eq. 41)."""
        if self.model == "finite_noise":
            raise InvalidInput("finite noise has no load: its lines are straight")
        if self.model == "nishimori" or (self.model == "large_noise" and self.value is None):
            raise InvalidInput("on the Nishimori line nu = tau: its lines are parabolas")
        if self.model == "fixed_load":
            assert self.value is not None
            return math.sqrt(self.value * load), temperature * math.sqrt(self.value / load)
        kappa = self.signal_per_load
        alpha = 1 / (kappa**2 * load)
        return alpha, temperature * kappa * alpha

    def ratio(self, load: float, temperature: float) -> float:
        """Return the combination of nu and tau that fixes T: where it equals `ratio_at(T)`, the curve crosses T."""
        return temperature / (math.sqrt(load) if self.model == "fixed_load" else load)

    def ratio_at(self, temperature: float) -> float:
        """Return the value of `ratio` at a temperature T."""
        if self.model == "fixed_load":
            assert self.value is not None
            return temperature / math.sqrt(self.value)
        return temperature * self.signal_per_load


def plane(
    model: str,
    p: float,
    teacher_temperature: float | None = None,
    load: float | None = None,
    scaled_teacher_temperature: float | None = None,
) -> Plane:
    """Check what a model needs and return its plane."""
    model = checks.choice("model", model, MODELS)
    p = cast(int, p) if p == math.inf else checks.body_number(p)
    if model in TWO_BODY_TEACHER and p != math.inf:
        p = even_bodies(p)
    given = {
        "teacher_temperature": teacher_temperature,
        "load": load,
        "scaled_teacher_temperature": scaled_teacher_temperature,
    }
    needed = SETTINGS.get(model)
    for name, value in given.items():
        if value is not None and name != needed:
            raise InvalidInput(f"model '{model}' does not take {name}")
    if needed is None:
        return Plane(model, p)
    value = given[needed]
    if value is None and model != "large_noise":
        raise InvalidInput(f"model '{model}' needs {needed}")
    return Plane(model, p, None if value is None else checks.number(needed, value))
