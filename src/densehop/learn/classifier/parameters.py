"""What a classifier's parameters may be, and the random stream that `random_state` stands for."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from densehop.base import checks
from densehop.errors import InvalidInput

KINDS, LOSSES = ("learned", "stored"), ("cross_entropy", "published")
CLASS_ENERGIES = ("exact", "linear")
INTERACTIONS, OBJECTIVES, NORMS = ("rectified", "exponential"), ("accuracy", "certified"), ("l2", "linf", "flips")

LEAST_LINEAR_DEGREE = 2  # below, the scores are not continuous (n = 1) or too steep at h = 0
STEPS, FEWEST_EPOCHS, MOST_LINEAR, MOST_EPOCHS = 120_000, 15, 40, 60  # samples seen in all, and the limits of epochs
CERTIFIED_STEPS, MOST_CERTIFIED = 60_000, 30  # the same of certified training, whose proofs get worse with more
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 20, 16, 100


def interaction_of(model: Any) -> str:
    """Return the interaction as given, or the one that the objective needs."""
    if model.interaction is not None:
        return str(model.interaction)
    return "exponential" if model.objective == "certified" else "rectified"


def class_energies(model: Any) -> tuple[str, ...]:
    """Return how class values may count: as given, else both, or exactly where only the exact energy will do."""
    if model.class_energy is not None:
        return (str(model.class_energy),)
    exact = interaction_of(model) == "exponential" or model.kind == "stored" or model.loss != "cross_entropy"
    return ("exact",) if exact or model.degree is not None else CLASS_ENERGIES


def epochs_of(model: Any, n_samples: int, *, linear: bool) -> int:
    """Return the number of epochs."""
    if model.max_iter is not None:
        return int(model.max_iter)
    if model.objective == "certified":
        return min(max(CERTIFIED_STEPS // n_samples, FEWEST_EPOCHS), MOST_CERTIFIED)
    return min(max(STEPS // n_samples, FEWEST_EPOCHS), MOST_LINEAR) if linear else MOST_EPOCHS


def batch_of(model: Any, n_samples: int, *, linear: bool) -> int:
    """Return the size of a batch; of linear class energies a twentieth of the samples, within limits."""
    if model.batch_size is not None:
        return int(model.batch_size)
    return min(max(n_samples // BATCHES, SMALLEST_BATCH), LARGEST_BATCH) if linear else LARGEST_BATCH


def check_parameters(model: Any) -> None:
    """Refuse parameters out of range, and what does not go together."""
    for name in ("loss_power", "n_iter_no_change"):
        checks.integer(name, getattr(model, name), 1)
    for name in ("max_iter", "batch_size", "n_memories"):
        if getattr(model, name) is not None:
            checks.integer(name, getattr(model, name), 1)
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
    if model.class_energy is not None:
        checks.choice("class_energy", model.class_energy, CLASS_ENERGIES)
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
    if model.class_energy == "linear":
        _check_linear(model, exponential=exponential)


def _check_linear(model: Any, *, exponential: bool) -> None:
    """Refuse what class values to first order cannot be combined with."""
    if exponential or model.kind != "learned" or model.loss != "cross_entropy":
        raise InvalidInput(
            "class_energy='linear' is of learned rectified memories and their cross-entropy, got "
            f"interaction={interaction_of(model)!r}, kind={model.kind!r} and loss={model.loss!r}"
        )
    if model.degree is not None and model.degree < LEAST_LINEAR_DEGREE:
        raise InvalidInput(f"class_energy='linear' needs a degree of at least 2, got {model.degree:g}")


def random_stream(random_state: Any) -> np.random.Generator:
    """Return the stream of a fit, by scikit-learn's rules of `random_state`."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
