"""How fixed points of the TAP equations are found: message passing, which is fast, and damped TAP, which is patient."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats
from densehop.inference.instance import Instance, TapState

SMALLEST_STIFFNESS = 0.05  # of D on the way to a fixed point at p = 2, which D <= 0 has none of
SMALLEST_SIZE = 1e-100  # of q^(p-2)
DAMPINGS = (0.5, 0.8)  # tried one after the other where message passing without damping does not converge
PROGRESS = 0.5  # factor by which the change of m has to fall within `patience` iterations


@dataclass(frozen=True, eq=False)
class Path:
    """Where an iteration came to.

    magnetisations (N,) and the TAP equations there; residual: root mean square of m - tanh(...);
    overlaps: q after each iteration;  damping: with which it was found.
    """

    magnetisations: Floats
    state: TapState
    residual: float
    overlaps: tuple[float, ...]
    damping: float

    @property
    def n_iterations(self) -> int:
        """How many iterations it took."""
        return len(self.overlaps)

    def holds(self, tolerance: float) -> bool:
        """Whether it is a fixed point."""
        return self.residual <= tolerance


@dataclass(frozen=True)
class Limits:
    """When an iteration ends.

    max_iterations: passes;  tolerance: of the change of m;  patience: passes in which that change has to halve, None
    where it need not: in a glass it never does.
    """

    max_iterations: int = 500
    tolerance: float = 1e-8
    patience: int | None = None

    def reached(self, changes: list[float], damping: float) -> bool:
        """Tell whether to stop after these changes of m."""
        if changes[-1] <= self.tolerance * (1 - damping):
            return True
        if self.patience is None or len(changes) <= self.patience:
            return False
        return min(changes[-self.patience :]) > PROGRESS * min(changes[: -self.patience])


def find_fixed_point(instance: Instance, start: Floats, damping: float | None, limits: Limits) -> Path:
    """Iterate from start (N,); without a damping, first message passing, then damped TAP until one converges."""
    dampings = (0.0, *DAMPINGS) if damping is None else (damping,)
    paths: list[Path] = []
    for trial_damping in dampings:
        paths.append(_follow(instance, start, trial_damping, limits))
        if paths[-1].holds(limits.tolerance):
            return paths[-1]
    return min(paths, key=lambda path: path.residual if math.isfinite(path.residual) else math.inf)


def _follow(instance: Instance, start: Floats, damping: float, limits: Limits) -> Path:
    """Iterate to the limits, and judge the end by the TAP equations."""
    law = (
        _damped(instance, damping) if damping > 0 else _pairwise(instance) if instance.p == 2 else _many_body(instance)
    )
    m, overlaps, changes = start, [], []
    steps = law(m)
    for _ in range(limits.max_iterations):
        new = next(steps)
        changes.append(_distance(new, m))
        m = new
        overlaps.append(float(np.mean(m**2)))
        if limits.reached(changes, damping):
            break
    state = instance.tap(m)
    return Path(m, state, _distance(state.target, m), tuple(overlaps), damping)


def _distance(a: Floats, b: Floats) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


def _many_body(instance: Instance) -> Callable[[Floats], Iterator[Floats]]:
    """Message passing for p >= 3: the Onsager term meets the magnetisations of one step before (eq. 114)."""

    def steps(m: Floats) -> Iterator[Floats]:
        before = np.zeros_like(m)
        while True:
            memory = _two_time_coefficient(instance, m, before) * before
            before, m = m, np.tanh(instance.beta * (instance.fields(m) - memory))
            yield m

    return steps


def _two_time_coefficient(instance: Instance, m: Floats, before: Floats) -> Floats | float:
    """Return b (c/q)^(p-2), without the ratio where q^(p-2) is too small to divide by."""
    p, q, c = instance.p, float(np.mean(m**2)), float(np.mean(m * before))
    size = q ** (p - 2)
    if size > SMALLEST_SIZE:
        return instance.reaction(m).coefficient * (c ** (p - 2) / size)
    return instance.load * instance.beta * p * (p - 1) * c ** (p - 2) * (1 - q)


def _pairwise(instance: Instance) -> Callable[[Floats], Iterator[Floats]]:
    """Message passing for p = 2, whose messages from examples to spins remember their own last value (eq. 116)."""
    beta, gamma, unit = instance.beta, instance.load / 2, 1 / math.sqrt(instance.n_spins)

    def steps(m: Floats) -> Iterator[Floats]:
        messages: Floats | float = 0.0
        while True:
            variance = 1 - float(np.mean(m**2))
            d = max(1 - 2 * beta * variance, SMALLEST_STIFFNESS)
            cavity = instance.codes.overlaps(m) * unit - variance * messages
            messages = 2 * beta / d * cavity
            m = np.tanh(instance.codes.project(messages) * unit - 2 * beta * gamma / d * m)
            yield m

    return steps


def _damped(instance: Instance, damping: float) -> Callable[[Floats], Iterator[Floats]]:
    """Damped TAP: the Onsager term at the current magnetisations, a part `damping` of which is kept."""

    def steps(m: Floats) -> Iterator[Floats]:
        while True:
            reaction = instance.reaction(m)
            if not math.isfinite(reaction.free_entropy):  # p = 2, D <= 0: no reaction there
                reaction = reaction._replace(coefficient=np.zeros_like(m))
            m = damping * m + (1 - damping) * np.tanh(instance.beta * (instance.fields(m) - reaction.coefficient * m))
            yield m

    return steps
