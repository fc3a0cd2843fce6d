"""What a classifier's parameters may be, and the random stream that `random_state` stands for."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from densehop.base import checks
from densehop.errors import InvalidInput

KINDS, LOSSES = ("learned", "stored"), ("cross_entropy", "published")
INTERACTIONS, OBJECTIVES, NORMS = ("rectified", "exponential"), ("accuracy", "certified"), ("l2", "linf", "flips")


def interaction_of(model: Any) -> str:
    """Return the interaction as given, or the one that the objective needs."""
    if model.interaction is not None:
        return str(model.interaction)
    return "exponential" if model.objective == "certified" else "rectified"


def check_parameters(model: Any) -> None:
    """Refuse parameters out of range, and what does not go together."""
    for name in ("max_iter", "batch_size", "loss_power", "n_iter_no_change"):
        checks.integer(name, getattr(model, name), 1)
    if model.n_memories is not None:
        checks.integer("n_memories", model.n_memories, 1)
    for name in ("learning_rate", "inverse_temperature", "sharpness"):
        if getattr(model, name) is not None:
            checks.number(name, getattr(model, name))
    checks.number("radius", model.radius)
    if model.degree is not None and checks.number("degree", model.degree) < 1:
        raise InvalidInput(f"degree must be at least 1, got {model.degree:g}")
    if model.input_noise is not None:
        checks.number("input_noise", model.input_noise, zero_allowed=True)
    checks.choice("kind", model.kind, KINDS)
    checks.choice("loss", model.loss, LOSSES)
    checks.choice("objective", model.objective, OBJECTIVES)
    checks.choice("norm", model.norm, NORMS)
    exponential = checks.choice("interaction", interaction_of(model), INTERACTIONS) == "exponential"
    if model.objective == "certified" and not (exponential and model.kind == "learned"):
        raise InvalidInput(
            "objective='certified' trains exponential memories: it needs kind='learned' and interaction='exponential' "
            f"or None, got kind={model.kind!r} and interaction={model.interaction!r}"
        )
    unused = ("loss", "degree") if exponential else ("sharpness",)
    for name in unused:
        if getattr(model, name) not in {None, "cross_entropy"}:
            raise InvalidInput(f"{name} has no meaning for interaction={interaction_of(model)!r}: leave it out")


def random_stream(random_state: Any) -> np.random.Generator:
    """Return the stream of a fit, by scikit-learn's rules of `random_state`."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
