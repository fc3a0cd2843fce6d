"""What a classifier's parameters may be, and the random stream that `random_state` stands for."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from densehop.base import checks
from densehop.errors import InvalidInput

KINDS, LOSSES = ("learned", "stored"), ("cross_entropy", "published")


def check_parameters(model: Any) -> None:
    """Refuse parameters out of range."""
    for name in ("n_memories", "max_iter", "batch_size", "loss_power", "n_iter_no_change"):
        checks.integer(name, getattr(model, name), 1)
    checks.number("learning_rate", model.learning_rate)
    if model.inverse_temperature is not None:
        checks.number("inverse_temperature", model.inverse_temperature)
    if model.degree is not None and checks.number("degree", model.degree) < 1:
        raise InvalidInput(f"degree must be at least 1, got {model.degree:g}")
    if model.input_noise is not None:
        checks.number("input_noise", model.input_noise, zero_allowed=True)
    checks.choice("kind", model.kind, KINDS)
    checks.choice("loss", model.loss, LOSSES)


def random_stream(random_state: Any) -> np.random.Generator:
    """Return the stream of a fit, by scikit-learn's rules of `random_state`."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
