"""The values of a page's controls. Each has a name in the page's address, from which it is read back and checked."""

import math
from collections.abc import Mapping
from typing import Any

import param

from densehop.apps.explorer.compute.certificates import CLASSIFIERS, LARGEST, N_TESTED, STEP
from densehop.apps.explorer.compute.live import HOTTEST, MOST_BODIES, MOST_MEMORIES, STORED
from densehop.apps.explorer.compute.phase_plane import (
    DEFAULT_TEACHER_TEMPERATURE,
    MAX_P,
    MODELS,
    PhasePlane,
    allowed_p,
    default_teacher_temperature,
    min_teacher_temperature,
)
from densehop.apps.explorer.compute.simulation import MAX_DISORDERS, MAX_N, MAX_SWEEPS, STARTS
from densehop.apps.explorer.compute.tours import MAX_STEPS, TOURS

MAX_TEACHER_TEMPERATURE = 10.0
SITES = r"^(\d{1,4}(\.(?=\d)|$))*$"  # regular expression: numbers of sites with dots between them
TABS = ("phase", "cut", "live", "restore", "attack")


class SessionState(param.Parameterized):  # type: ignore[misc]
    """The controls of all pages of one session. A control that is emptied keeps the value it had (`keep_filled`)."""

    theme = param.Selector(default="default", objects=["default", "dark"])
    tour = param.Selector(default="", objects=["", *TOURS])
    step = param.Integer(default=0, bounds=(0, MAX_STEPS - 1))
    view = param.Selector(default="phase", objects=list(TABS))
    model = param.Selector(default="direct", objects=list(MODELS))
    p = param.Integer(default=2, bounds=(2, MAX_P))
    teacher_t = param.Number(
        default=3.0, bounds=(1.0, MAX_TEACHER_TEMPERATURE), step=0.05, label="teacher temperature T*", allow_None=True
    )
    sharpness = param.Number(default=1.0, bounds=(0.05, 10.0), step=0.05, label="sharpness L", allow_None=True)
    reliability = param.Number(default=0.6, bounds=(0.0, 1.0), step=0.05, label="reliability r", allow_None=True)
    copies_load = param.Number(
        default=0.16, bounds=(0.0, 0.6), step=0.01, label="load c of each archetype's copies", allow_None=True
    )
    degree = param.Number(default=0.3, bounds=(0.02, 5.0), step=0.05, label="degree c = n/N", allow_None=True)
    x = param.Number(default=0.06, bounds=(0.0, 1000.0), label="load", allow_None=True)
    t = param.Number(default=0.8, bounds=(0.0, 1000.0), label="temperature T", allow_None=True)
    n = param.Integer(default=1000, bounds=(8, MAX_N), label="N", allow_None=True)
    disorders = param.Integer(default=8, bounds=(1, MAX_DISORDERS), label="disorders", allow_None=True)
    start = param.Selector(default="pattern", objects={label: name for name, label in STARTS.items()}, label="start")
    amount = param.Number(
        default=0.5, bounds=(0.0, 1.0), step=0.05, label="overlap, or overwritten fraction", allow_None=True
    )
    sweeps = param.Integer(default=400, bounds=(8, MAX_SWEEPS), label="sweeps", allow_None=True)
    seed = param.Integer(default=0, bounds=(0, 2**32 - 1), label="seed", allow_None=True)
    along = param.Selector(default="temperature", objects=["temperature", "load"])
    digit = param.Integer(default=3, bounds=(0, 49), label="digit")
    hidden = param.Number(default=0.5, bounds=(0.0, 0.95), step=0.05, label="hidden fraction")
    flipped = param.Number(default=0.0, bounds=(0.0, 0.5), step=0.05, label="flipped fraction")
    overwritten = param.Number(default=0.0, bounds=(0.0, 1.0), step=0.05, label="fraction overwritten by another one")
    clicked = param.String(default="", regex=SITES)
    live_stored = param.Selector(
        default="digits", objects={label: name for name, label in STORED.items()}, label="what is stored"
    )
    live_p = param.Integer(default=4, bounds=(2, MOST_BODIES), label="p")
    live_m = param.Integer(default=5, bounds=(2, MOST_MEMORIES), label="number M of memories")
    live_t = param.Number(default=0.1, bounds=(0.0, HOTTEST), step=0.05, label="temperature T")
    attack_load = param.Number(default=1.0, bounds=(0.05, 2.0), step=0.05, label="scaled load a = 6M/N²")
    classifier = param.Selector(
        default="stored", objects={label: name for name, label in CLASSIFIERS.items()}, label="classifier"
    )
    radius = param.Number(default=0.5, bounds=(0.0, LARGEST), step=STEP, label="size of the change")
    test_digit = param.Integer(default=0, bounds=(0, N_TESTED - 1), label="test digit")
    eps = param.Number(default=0.3, bounds=(0.0, 1.0), step=0.01, label="overwritten fraction ε")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.param.watch(self._keep_filled, list(FIELDS))

    def _keep_filled(self, *changes: Any) -> None:
        """Put back the value that a field had before it was emptied; pages that watch the field see it filled."""
        emptied = {change.name: change.old for change in changes if change.new is None}
        if emptied:
            self.param.update(**emptied)

    @property
    def plane(self) -> PhasePlane:
        """The plane that the controls name."""
        many = self.sharpness, self.reliability, self.copies_load, self.degree
        return PhasePlane.from_controls(self.model, self.p, self.teacher_t, *many)

    def query(self) -> dict[str, Any]:
        """Return the values that differ from the defaults, by their names in the address."""
        changed = {name: getattr(self, name) for name in PARAMETERS if getattr(self, name) != self.param[name].default}
        return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in changed.items()}

    def load_query(self, query: Mapping[str, Any]) -> str:
        """Take over the parameters of an address; return what was wrong with them, or an empty string."""
        refused = [f"{name}={value} (no such control)" for name, value in query.items() if name not in PARAMETERS]
        for name in (name for name in query if name in PARAMETERS):
            try:
                self.param.update(**{name: _converted(query[name], type(self.param[name].default))})
            except (ValueError, TypeError):
                refused.append(f"{name}={query[name]}")
        refused += [one for one in self.make_consistent() if one.partition("=")[0] in query]
        return f"the link holds what cannot be shown: {', '.join(refused)}" if refused else ""

    def make_consistent(self) -> list[str]:
        """Replace a p or a teacher temperature that the model cannot have; return what was replaced."""
        replaced = []
        if self.p not in allowed_p(self.model):
            replaced.append(f"p={self.p}")
            self.p = allowed_p(self.model)[0]
        if self.model in DEFAULT_TEACHER_TEMPERATURE:
            lowest = min_teacher_temperature(self.model, self.p)
            if self.teacher_t < lowest:
                replaced.append(f"teacher_t={self.teacher_t:g}")
                self.teacher_t = default_teacher_temperature(self.model, self.p)
            self.param.teacher_t.bounds = (lowest, MAX_TEACHER_TEMPERATURE)
        return replaced


def _converted(value: Any, kind: type) -> Any:
    """Return a value of an address as the type of its control; the address has made numbers of what looks like one."""
    if isinstance(value, bool) or (kind is int and isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    converted = kind(value)
    if kind is float and not math.isfinite(converted):
        raise ValueError(value)
    return converted


FIELDS = (
    "x",
    "t",
    "n",
    "disorders",
    "sweeps",
    "seed",
    "amount",
    "teacher_t",
    "sharpness",
    "reliability",
    "copies_load",
    "degree",
)  # that a person may empty
PARAMETERS = tuple(name for name in SessionState.param if name != "name")
