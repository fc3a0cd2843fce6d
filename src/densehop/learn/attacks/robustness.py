"""Attacks on classifiers: FGSM, PGD, transfer and a random search without gradients; robust accuracy as the worst.

Sizes are fractions of the data's range, so that 0.1 means a tenth of black to white. All attacks raise the margin of
the best wrong class, stay within the size and within the data's range, and keep the worst input they find. Sources:
Goodfellow et al. 2015 (FGSM), Madry et al. 2018 (PGD), Croce & Hein 2020 (its steps with inertia),
Andriushchenko et al. 2020 (random squares).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base import checks
from densehop.base.arrays import Floats, Integers, Reals
from densehop.base.streams import Seed, seed_sequence
from densehop.errors import InvalidInput
from densehop.learn.attacks.victims import Victim, victim_of

NORMS = ("linf", "l2")
INERTIA = 0.25  # share of the last step in the next


@dataclass(frozen=True)
class Ball:
    """The inputs that an attack may use: within `size` of the original in a norm, and within the range [low, high].

    `size` is a fraction of the range; in "l2" it bounds the root of the summed squares of these fractions.
    """

    norm: str
    size: float
    low: float
    high: float

    def __post_init__(self) -> None:
        checks.choice("norm", self.norm, NORMS)
        checks.number("size", self.size, zero_allowed=True)
        if not self.low < self.high:
            raise InvalidInput(f"the range must have low < high, got {self.low:g} and {self.high:g}")

    @property
    def radius(self) -> float:
        """The size in the units of the data."""
        return self.size * (self.high - self.low)

    def project(self, inputs: Reals, original: Reals) -> Reals:
        """Return the inputs brought back into the ball and the range."""
        moved = inputs - original
        if self.norm == "linf":
            moved = np.clip(moved, -self.radius, self.radius)
        else:
            length = np.linalg.norm(moved, axis=1, keepdims=True)
            moved = moved * np.minimum(1, self.radius / np.maximum(length, 1e-30))
        return np.clip(original + moved, self.low, self.high)

    def direction(self, gradient: Reals) -> Reals:
        """Return the step of unit size that a gradient asks for."""
        if self.norm == "linf":
            signs: Reals = np.sign(gradient)
            return signs
        unit: Reals = gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-30)
        return unit

    def inside(self, original: Reals, random: np.random.Generator) -> Reals:
        """Return a random input of the ball for each original."""
        if self.norm == "linf":
            moved = random.uniform(-self.radius, self.radius, original.shape).astype(original.dtype)
        else:
            moved = random.standard_normal(original.shape).astype(original.dtype)
            moved = moved * self.radius / np.linalg.norm(moved, axis=1, keepdims=True)
        return self.project(original + moved, original)


Attack = Callable[[Reals, Integers, Ball], Reals]


def fgsm(victim: Victim, inputs: Reals, truth: Integers, ball: Ball) -> Reals:
    """Return inputs (B, N) after one full step along the gradient of the margin."""
    return ball.project(inputs + ball.radius * ball.direction(victim.ascent(inputs, truth)[1]), inputs)


def pgd(
    victim: Victim, inputs: Reals, truth: Integers, ball: Ball, steps: int = 40, restarts: int = 2, seed: Seed = 0
) -> Reals:
    """Return the worst inputs (B, N) of projected gradient ascent: from the originals, then from random starts.

    The truth (B,) holds places in `victim.classes`.
    """
    best, highest = inputs.copy(), victim.margins(inputs, truth)
    for restart in range(restarts):
        found = _climbed(victim, victim, inputs, truth, ball, steps, restart, seed)
        best, highest = _kept(found, victim.margins(found, truth), best, highest)
    return best


def _climbed(
    victim: Victim, guide: Victim, inputs: Reals, truth: Integers, ball: Ball, steps: int, restart: int, seed: Seed
) -> Reals:
    """Return the worst inputs for the victim along one ascent that the guide's gradient leads.

    Restart 0 is from the originals. Steps shrink along a cosine and keep a share of the last one, which settles
    between memories where steps of one size jump to and fro.
    """
    best, highest = inputs.copy(), victim.margins(inputs, truth)
    random = np.random.default_rng(seed_sequence(seed, restart))
    last = now = inputs if restart == 0 else ball.inside(inputs, random)
    for step in range(steps):
        margins, uphill = guide.ascent(now, truth)
        best, highest = _kept(now, margins if guide is victim else victim.margins(now, truth), best, highest)
        length = ball.radius * 0.5 * (1 + np.cos(np.pi * step / steps))
        target = ball.project(now + length * ball.direction(uphill), inputs)
        last, now = now, ball.project(now + (1 - INERTIA) * (target - now) + INERTIA * (now - last), inputs)
    return _kept(now, victim.margins(now, truth), best, highest)[0]


def random_search(
    victim: Victim,
    inputs: Reals,
    truth: Integers,
    ball: Ball,
    queries: int = 500,
    shape: tuple[int, int] | None = None,
    seed: Seed = 0,
) -> Reals:
    """Return the worst inputs (B, N) of a search that only asks for scores.

    Each query changes a random square of pixels (of a 1 x N strip without a `shape`) by full-size steps of random sign;
    the squares shrink. It shows what a gradient may hide.
    """
    rows, columns = (1, inputs.shape[1]) if shape is None else shape
    if rows * columns != inputs.shape[1]:
        raise InvalidInput(f"shape must have {inputs.shape[1]} pixels, got {rows} x {columns}")
    random = np.random.default_rng(seed_sequence(seed))
    stripes = (
        np.tile(random.choice([-1.0, 1.0], (len(inputs), 1, columns)), (1, rows, 1))
        .reshape(inputs.shape)
        .astype(inputs.dtype)
    )
    best = ball.project(inputs + ball.radius * ball.direction(stripes), inputs)
    highest = victim.margins(best, truth)
    for query in range(queries):
        area = 0.3 * 0.5 ** (8 * query / queries)
        side = max(1, round(np.sqrt(area * rows * columns)) if rows > 1 else round(area * columns))
        height, width = min(side, rows), min(side, columns)
        top, left = random.integers(0, rows - height + 1), random.integers(0, columns - width + 1)
        window = np.zeros((rows, columns), dtype=bool)
        window[top : top + height, left : left + width] = True
        signs = random.choice([-1.0, 1.0], (len(inputs), 1)).astype(inputs.dtype)
        step = ball.radius if ball.norm == "linf" else ball.radius / np.sqrt(height * width)
        proposed = np.where(window.ravel(), inputs + step * signs, best)
        proposed = ball.project(proposed, inputs)
        best, highest = _kept(proposed, victim.margins(proposed, truth), best, highest)
    return best


def _kept(now: Reals, margins: Floats, best: Reals, highest: Floats) -> tuple[Reals, Floats]:
    """Return the worse of two inputs for each row, and its margin."""
    better = margins > highest
    return np.where(better[:, None], now, best), np.where(better, margins, highest)


@dataclass(frozen=True, eq=False)
class Robustness:
    """Accuracy under attack.

    Attributes
    ----------
    sizes : (S,)
    accuracy : by attack's name, in their order, each (S,): what still stands after this attack and all before it
    worst : (S,), share of inputs that no attack of this or a smaller size could turn
    error : (S,), standard error of `worst`
    n_images : int
    """

    sizes: Floats
    accuracy: dict[str, Floats]
    worst: Floats
    error: Floats
    n_images: int


def robust_accuracy(
    model: Any,
    inputs: npt.ArrayLike,
    classes: npt.ArrayLike,
    sizes: Sequence[float],
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

    Parameters
    ----------
    model : a fitted classifier; see `victim_of`
    inputs, classes : (B, N) and (B,)
    sizes : fractions of the data's range
    norm : "linf" or "l2"
    data_range : lowest and highest value an input can have
    transfer_from : further fitted classifiers with a gradient, whose PGD inputs are tried
    steps, restarts : of PGD
    queries, shape : of the random search
    seed : int
    """
    victim = victim_of(model)
    data, truth = _checked(victim, inputs, classes)
    sources = [victim_of(source) for source in transfer_from]
    for source in sources:
        if not np.array_equal(source.classes, victim.classes):
            raise InvalidInput("transfer_from must hold classifiers of the same classes")
    attacks = _attacks(victim, sources, steps, restarts, seed)
    attacks.append(("search", lambda x, t, ball: random_search(victim, x, t, ball, queries, shape, seed)))
    wide = np.array(sorted(sizes), dtype=np.float64)
    accuracy = {name: np.empty(len(wide)) for name, _ in attacks}
    standing = victim.margins(data, truth) <= 0
    for place, size in enumerate(wide):
        ball = Ball(norm, float(size), *data_range)
        for name, attack in attacks:
            if size > 0 and standing.any():  # who fell to a smaller attack has fallen
                found = attack(data[standing], truth[standing], ball)
                standing[standing] = victim.margins(found, truth[standing]) <= 0
            accuracy[name][place] = standing.mean()
    worst = accuracy["search"].copy()
    return Robustness(wide, accuracy, worst, np.sqrt(worst * (1 - worst) / len(data)), len(data))


def _attacks(
    victim: Victim, sources: Sequence[Victim], steps: int, restarts: int, seed: Seed
) -> list[tuple[str, Attack]]:
    """Return the attacks that follow gradients, by name; each restart is one, so that only what stands is tried."""
    own = [("pgd", victim, restart) for restart in range(restarts)] if victim.gradient is not None else []
    guides = [("smoothed", guide, 0) for guide in victim.smoothed] + [("transfer", guide, 0) for guide in sources]

    def climb(guide: Victim, restart: int) -> Attack:
        return lambda x, t, ball: _climbed(victim, guide, x, t, ball, steps, restart, seed)

    first: list[tuple[str, Attack]] = [("fgsm", partial(fgsm, victim))] if victim.gradient is not None else []
    return first + [(name, climb(guide, restart)) for name, guide, restart in own + guides]


def _checked(victim: Victim, inputs: npt.ArrayLike, classes: npt.ArrayLike) -> tuple[Reals, Integers]:
    """Return inputs as floats and classes as places in `victim.classes`."""
    data = np.asarray(inputs, dtype=np.float32)  # twice as fast, and far finer than any attack
    labels = np.asarray(classes)
    if data.ndim != 2 or len(data) == 0 or labels.shape != (len(data),):
        raise InvalidInput(f"inputs and classes must have shapes (B, N) and (B,), got {data.shape} and {labels.shape}")
    if not np.isin(labels, victim.classes).all():
        raise InvalidInput("classes must be among those that the model was fitted on")
    return data, np.searchsorted(victim.classes, labels)
