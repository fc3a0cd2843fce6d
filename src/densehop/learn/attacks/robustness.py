"""Robust accuracy: what is left of a classifier's accuracy under the worst of several attacks.

Sizes are fractions of the data's range, so that 0.1 means a tenth of black to white. Whether an input has been turned
is for the model's own `predict` to say, so that the accuracy at size 0 is the accuracy.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Reals
from densehop.base.streams import Seed
from densehop.errors import InvalidInput
from densehop.learn.attacks.attacked_models import AttackedModel, attacked_model
from densehop.learn.attacks.ball import Ball
from densehop.learn.attacks.methods import climb, fgsm, random_search

Attack = Callable[[Reals, Integers, Ball], Reals]

SINGLE_DIGITS = 1e-6  # share of the range that single precision must resolve; attacks in it take half the time
FEW = 0.01  # share of inputs on which the attacked scores may decide otherwise than the model, without a warning


@dataclass(frozen=True, eq=False)
class Robustness:
    """Accuracy under attack.

    Attributes
    ----------
    sizes : (S,), fractions of the data's range
    radii : (S,), the same in the units of the data
    accuracy : by attack's name, in their order, each (S,): what still stands after this attack and all before it
    worst : (S,), share of inputs that no attack of this or a smaller size could turn
    error : (S,), standard error of `worst`
    n_images : int
    inputs : (S, B, N), the inputs that turned the model, within `radii` of the originals; these where none did
    turned_by : (S, B), the attack that did, "" where none did; "mistake" where the model was wrong without attack
    """

    sizes: Floats
    radii: Floats
    accuracy: dict[str, Floats]
    worst: Floats
    error: Floats
    n_images: int
    inputs: Reals
    turned_by: npt.NDArray[np.str_]

    def __repr__(self) -> str:
        accuracies = ", ".join(
            f"{w:.3f}({1000 * e:.0f}) at {s:g} of the range ({r:g})"
            for s, r, w, e in zip(self.sizes, self.radii, self.worst, self.error, strict=True)
        )
        return f"Robustness({self.n_images} inputs, worst accuracy {accuracies}; attacks: {', '.join(self.accuracy)})"


def robust_accuracy(
    model: Any,
    inputs: ArrayLike,
    classes: ArrayLike,
    sizes: float | Sequence[float],
    norm: str = "linf",
    *,
    data_range: tuple[float, float],
    transfer_from: Sequence[Any] = (),
    steps: int = 40,
    restarts: int = 2,
    queries: int = 500,
    shape: tuple[int, int] | None = None,
    seed: Seed = 0,
) -> Robustness:
    """Return a model's accuracy against attack size: the worst of FGSM, PGD, transfer and random search.

    Each attack is tried on what stands after all before it; the search comes last and shows what gradients missed.
    Which attack turned which input is in `turned_by`, the attacked inputs are in `inputs`.

    Parameters
    ----------
    model : a fitted classifier; see `attacked_model`
    inputs, classes : (B, N) and (B,)
    sizes : fractions of the data's range, one or several
    norm : "linf" or "l2"
    data_range : lowest and highest value an input can have
    transfer_from : further fitted classifiers with a gradient, whose PGD inputs are tried
    steps, restarts : of PGD
    queries, shape : of the random search
    seed : int

    Raises
    ------
    InvalidInput
        If the inputs hold nan, do not fit the model or lie outside the range, or an argument is out of range.
    """
    target = attacked_model(model)
    wide = np.sort(np.atleast_1d(np.asarray(sizes, dtype=np.float64)))
    data_range = checks.value_range("data_range", data_range)
    balls = [Ball(norm, float(size), *data_range) for size in wide]
    data, labels = _check_inputs(model, target, inputs, classes, *data_range)
    if target.gradient is None and not transfer_from:
        warnings.warn(
            f"no gradient is known of {type(model).__name__}: only the search without gradients runs, which finds "
            "less; give models to transfer_from, or put this package's classifier behind scalers alone",
            UserWarning,
            stacklevel=2,
        )
    sources = [attacked_model(source) for source in transfer_from]
    for source in sources:
        if not np.array_equal(source.classes, target.classes):
            raise InvalidInput("transfer_from must hold classifiers of the same classes")
    attacks = _attacks(target, sources, steps, restarts, seed)
    attacks.append(("search", lambda x, t, ball: random_search(target, x, t, ball, queries, shape, seed)))
    return _attack_all(model, target, data, labels, balls, attacks)


def _attack_all(
    model: Any,
    target: AttackedModel,
    data: Reals,
    labels: npt.NDArray[Any],
    balls: Sequence[Ball],
    attacks: Sequence[tuple[str, Attack]],
) -> Robustness:
    """Return what is left after each attack at each size; who fell to a smaller one has fallen."""
    truth, exact = np.searchsorted(target.classes, labels), _exact_enough(data, balls)
    clean = _predict(model, data) == labels
    standing, worst_inputs = clean.copy(), data.copy()
    turned_by = np.where(clean, "", "mistake").astype(object)
    _compare(target, exact, truth, clean)
    accuracy = {name: np.empty(len(balls)) for name, _ in attacks}
    kept: list[tuple[Reals, npt.NDArray[Any]]] = []
    for index, ball in enumerate(balls):
        for name, attack in attacks:
            if ball.size > 0 and standing.any():
                rows = np.flatnonzero(standing)
                attacked = ball.project(attack(exact[rows], truth[rows], ball).astype(data.dtype), data[rows])
                turned = _predict(model, attacked) != labels[rows]
                standing[rows[turned]], turned_by[rows[turned]] = False, name
                worst_inputs[rows[turned]] = attacked[turned]
            accuracy[name][index] = standing.mean()
        kept.append((worst_inputs.copy(), turned_by.astype(np.str_)))
        assert ball.size > 0 or standing.mean() == clean.mean(), "an attack of size 0 has changed the accuracy"
    worst = accuracy["search"].copy()
    return Robustness(
        sizes=np.array([ball.size for ball in balls]),
        radii=np.array([ball.radius for ball in balls]),
        accuracy=accuracy,
        worst=worst,
        error=np.sqrt(worst * (1 - worst) / len(data)),
        n_images=len(data),
        inputs=np.stack([inputs for inputs, _ in kept]),
        turned_by=np.stack([names for _, names in kept]),
    )


def _attacks(
    target: AttackedModel, sources: Sequence[AttackedModel], steps: int, restarts: int, seed: Seed
) -> list[tuple[str, Attack]]:
    """Return the attacks that follow gradients, by name; each restart is one, so that only what stands is tried."""
    own = [("pgd", target, restart) for restart in range(restarts)] if target.gradient is not None else []
    guides = [("smoothed", guide, 0) for guide in target.smoothed] + [("transfer", guide, 0) for guide in sources]

    def along(guide: AttackedModel, restart: int) -> Attack:
        return lambda x, t, ball: climb(target, guide, x, t, ball, steps, restart, seed)

    first: list[tuple[str, Attack]] = [("fgsm", partial(fgsm, target))] if target.gradient is not None else []
    return first + [(name, along(guide, restart)) for name, guide, restart in own + guides]


def _predict(model: Any, inputs: Reals) -> npt.NDArray[Any]:
    """Return the model's own classes."""
    return np.asarray(model.predict(inputs))


def _exact_enough(data: Reals, balls: Sequence[Ball]) -> Reals:
    """Return inputs in single precision where that resolves the range."""
    largest = max(abs(balls[0].low), abs(balls[0].high))
    resolved = largest * float(np.finfo(np.float32).eps) <= SINGLE_DIGITS * (balls[0].high - balls[0].low)
    return data.astype(np.float32) if resolved else data


def _compare(target: AttackedModel, data: Reals, truth: Integers, clean: npt.NDArray[np.bool_]) -> None:
    """Warn where what is attacked does not decide as the model does: its gradients then say little."""
    margins = target.margins(data, truth)
    share = float(((margins < 0) != clean)[margins != 0].mean()) if (margins != 0).any() else 0.0
    if share > FEW:
        warnings.warn(
            f"the scores that are attacked decide otherwise than predict for {share:.1%} of the inputs: "
            "attacks along their gradient may find too little",
            RuntimeWarning,
            stacklevel=4,
        )


def _check_inputs(
    model: Any, target: AttackedModel, inputs: ArrayLike, classes: ArrayLike, low: float, high: float
) -> tuple[Reals, npt.NDArray[Any]]:
    """Return inputs as floats and classes as the model names them."""
    if sp.issparse(inputs):
        raise InvalidInput("attacks change every value: inputs must be a dense array, use inputs.toarray()")
    data, labels = checks.as_array("inputs", inputs), checks.as_array("classes", classes)
    if data.dtype.kind not in "iufb" or data.ndim != 2 or len(data) == 0 or labels.shape != (len(data),):
        raise InvalidInput(
            f"inputs and classes must be numbers of shape (B, N) and classes of shape (B,), got {data.dtype} of shape "
            f"{data.shape} and shape {labels.shape}"
        )
    data = data.astype(np.float64)
    columns = getattr(model, "n_features_in_", data.shape[1])
    if data.shape[1] != columns:
        raise InvalidInput(f"inputs must have {columns} columns, as when fitted, got {data.shape[1]}")
    if not np.isfinite(data).all():
        raise InvalidInput("inputs must be finite numbers, got nan or infinity: leave those rows out or fill them")
    if data.min() < low or data.max() > high:
        raise InvalidInput(
            f"data_range must hold the inputs, which reach from {data.min():g} to {data.max():g}, "
            f"got {low:g} to {high:g}"
        )
    if not np.isin(labels, target.classes).all():
        raise InvalidInput("classes must be among those that the model was fitted on")
    return data, labels
