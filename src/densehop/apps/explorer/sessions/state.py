"""What a page shows, in a link: every control has a name in the address and comes back from there, checked."""

from collections.abc import Mapping
from typing import Any

import param

from densehop.apps.explorer.compute.phase_plane import (
    LARGEST_P,
    MODELS,
    TEACHERS,
    bodies,
    coldest_teacher,
    usual_teacher,
)
from densehop.apps.explorer.compute.simulation import LARGEST_DISORDERS, LARGEST_N, LARGEST_SWEEPS, STARTS

HOTTEST_TEACHER = 10.0
PIXELS = r"^((\d|[1-5]\d|6[0-3])(\.(?=\d)|$))*$"  # numbers from 0 to 63 with dots between
TABS = ("phase", "cut", "restore", "attack")


class State(param.Parameterized):  # type: ignore[misc]
    """The controls of all views of one visitor."""

    view = param.Selector(default="phase", objects=list(TABS))
    model = param.Selector(default="nishimori", objects=list(MODELS))
    p = param.Integer(default=3, bounds=(2, LARGEST_P))
    hot = param.Number(default=1.5, bounds=(1.0, HOTTEST_TEACHER), step=0.05, label="teacher temperature T*")
    x = param.Number(default=6.0, bounds=(0.0, 1000.0))
    t = param.Number(default=2.0, bounds=(0.0, 1000.0))
    n = param.Integer(default=96, bounds=(8, LARGEST_N), label="N")
    disorders = param.Integer(default=4, bounds=(1, LARGEST_DISORDERS))
    start = param.Selector(default="pattern", objects={label: name for name, label in STARTS.items()})
    amount = param.Number(default=0.5, bounds=(0.0, 1.0), step=0.05, label="overlap, or overwritten fraction")
    sweeps = param.Integer(default=400, bounds=(8, LARGEST_SWEEPS))
    seed = param.Integer(default=0, bounds=(0, 2**32 - 1))
    along = param.Selector(default="temperature", objects=["temperature", "load"])
    digit = param.Integer(default=3, bounds=(0, 49))
    hidden = param.Number(default=0.5, bounds=(0.0, 0.95), step=0.05, label="hidden share")
    flipped = param.Number(default=0.0, bounds=(0.0, 0.5), step=0.05, label="flipped share")
    overwritten = param.Number(default=0.0, bounds=(0.0, 1.0), step=0.05, label="overwritten by another digit")
    touched = param.String(default="", regex=PIXELS)
    attack_load = param.Number(default=0.5, bounds=(0.05, 2.0), step=0.05, label="scaled load a = 6M/N²")
    eps = param.Number(default=0.4, bounds=(0.0, 1.0), step=0.01, label="overwritten fraction ε")

    def link(self) -> dict[str, Any]:
        """Return what differs from the defaults, by its name in the address."""
        changed = {name: getattr(self, name) for name in NAMES if getattr(self, name) != self.param[name].default}
        return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in changed.items()}

    def follow(self, query: Mapping[str, Any]) -> str:
        """Take over an address's parameters; return what was wrong with them, or an empty string."""
        refused = []
        for name, value in query.items():
            if name not in NAMES:
                continue
            kind = type(self.param[name].default)
            try:
                if isinstance(value, bool):
                    raise ValueError
                self.param.update(**{name: kind(value)})
            except (ValueError, TypeError):
                refused.append(f"{name}={value}")
        refused += [one for one in self.settle() if one.partition("=")[0] in query]
        return f"the link holds what cannot be shown: {', '.join(refused)}" if refused else ""

    def settle(self) -> list[str]:
        """Give the model a p and a teacher that it can have; return what it cannot."""
        refused = []
        if self.p not in bodies(self.model):
            refused.append(f"p={self.p}")
            self.p = bodies(self.model)[0]
        if self.model in TEACHERS:
            coldest = coldest_teacher(self.model, self.p)
            if self.hot < coldest:
                refused.append(f"hot={self.hot:g}")
                self.hot = usual_teacher(self.model, self.p)
            self.param.hot.bounds = (coldest, HOTTEST_TEACHER)
        return refused


NAMES = tuple(name for name in State.param if name != "name")
