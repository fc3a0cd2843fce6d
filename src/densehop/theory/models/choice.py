"""Which model a problem belongs to: the only place that asks. A new model is entered in `MODELS`."""

from collections.abc import Callable
from typing import Any, cast

from densehop.base import checks
from densehop.errors import InvalidInput
from densehop.exponential_problem import (
    ExponentialArchetypes,
    ExponentialModel,
    ExponentialTeacherStudent,
    RectifiedModel,
)
from densehop.problem import DirectModel, TeacherStudent
from densehop.theory.models.exponential.archetypes import Archetypes
from densehop.theory.models.exponential.model import ExponentialMemories
from densehop.theory.models.exponential.rectified import RectifiedMemories
from densehop.theory.models.exponential.unrelated import ExamplesAndMemories
from densehop.theory.models.many_body.model import ManyBody
from densehop.theory.models.p_body import PBodyModel
from densehop.theory.models.pairwise.model import Pairwise
from densehop.theory.states.model import Model


def p_body(p: float) -> PBodyModel:
    """Return the model of p-body energies; p = inf has the lines of the limit only."""
    return Pairwise() if p == 2 else ManyBody(cast(int, p))


MODELS: dict[type, Callable[[Any], Model]] = {
    DirectModel: lambda problem: p_body(problem.p),
    TeacherStudent: lambda problem: p_body(problem.p),
    ExponentialModel: lambda _: ExponentialMemories(),
    ExponentialTeacherStudent: lambda problem: (
        ExponentialMemories() if problem.unrelated_load is None else ExamplesAndMemories()
    ),
    ExponentialArchetypes: lambda _: Archetypes(),
    RectifiedModel: lambda _: RectifiedMemories(),
}


def model_of(problem: object) -> Model:
    """Return the model of a problem."""
    for kind, make in MODELS.items():
        if isinstance(problem, kind):
            return make(problem)
    kinds = ", ".join(kind.__name__ for kind in MODELS)
    raise InvalidInput(f"problem must be one of {kinds}, got {checks.shown(problem)}")
