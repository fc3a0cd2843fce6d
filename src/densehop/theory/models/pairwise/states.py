"""Two bodies: replica-symmetric states, direct and planted (docs/theory.md, eq. 78 to 85).

Sources: Amit, Gutfreund & Sompolinsky, PRL 55, 1530 (1985), for the direct model, whose temperatures are half of those
here; Alemanno et al. (2023) for the planted one. States are found along explicit curves (`curves`), not by
iteration, so that no branch is missed near a spinodal or a transition. load = alpha = 2 M/N.
"""

import math
from typing import NamedTuple

from densehop.errors import NoSolution
from densehop.theory.models.pairwise import curves
from densehop.theory.models.pairwise.curves import bracketed_root, stiffness
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import site
from densehop.theory.states.noise import Order
from densehop.theory.states.site import Site

NEWTON_STEPS = 20


class State(NamedTuple):
    """A replica-symmetric saddle point: the field's mean B and variance a and what follows from them.

    residual: relative violation of B and D as functions of the order parameters, measured anew at the result.
    """

    order: Order
    mean: float
    variance: float
    site: Site
    residual: float


def spin_glass(load: float, temperature: float) -> State:
    """Return q > 0 with m = q* = 0; continuous at T_g = 2 (1 + sqrt(M/N)) (docs/theory.md, eq. 79)."""
    onset = 2 * (1 + math.sqrt(load / 2))
    if load == 0 or temperature >= onset:
        raise NoSolution(
            f"no spin glass at load = {load:.10g}, T = {temperature:.10g}: for p = 2 it exists at load > 0 below "
            f"T = 2 (1 + sqrt(load/2)) = {onset:.10g}"
        )
    return _state(WishartNoise(), load, temperature, 0.0, curves.glass_variance(load, temperature, onset))


def retrieval(load: float, temperature: float) -> State:
    """Return the retrieval state of largest m, direct model (docs/theory.md, eq. 80 and 81)."""
    if temperature >= 2:
        raise NoSolution(f"no retrieval at T = {temperature:.10g}: for p = 2 it exists below T = 2 at small load")
    return retrieval_at(curves.retrieval_variance(load, temperature), load, temperature)


def retrieval_at(variance: float, load: float, temperature: float) -> State:
    """Return the retrieval state of this field variance and load."""
    return _state(WishartNoise(), load, temperature, 2 * curves.retrieved(variance, temperature)[0], variance)


def inference(load: float, temperature: float, contrast: float) -> State:
    """Return the state of largest q*, planted model, contrast = c = 2/(T* - 2) > 0 (docs/theory.md, eq. 84 and 85)."""
    onset = curves.inference_onset(temperature, contrast)
    if load <= onset:
        raise NoSolution(
            f"no inference at load = {load:.10g}, T = {temperature:.10g}, T* = {2 + 2 / contrast:.10g}: for p = 2 it "
            f"begins continuously at load = {onset:.10g}"
        )

    direct = _newton(load, temperature, contrast)
    if direct is not None:
        return direct
    variance = load * contrast * (temperature + 2 + 2 / contrast)

    def excess(log_mean: float) -> float:
        nonlocal variance
        mean = math.exp(log_mean)
        variance = curves.planted_variance(mean, temperature, contrast, guess=variance)
        return math.log(curves.planted_load(mean, variance, temperature, contrast) / load)

    mean = math.exp(bracketed_root(excess, math.log(load * contrast)))
    variance = curves.planted_variance(mean, temperature, contrast, guess=variance)
    return _state(WishartNoise(contrast), load, temperature, mean, variance)


def symmetric_order(spin: Site) -> Order:
    """Return replica-symmetric averages as order parameters."""
    return Order(spin.overlap, spin.square, spin.square, spin.susceptibility, 0.0)


def _newton(load: float, temperature: float, contrast: float) -> State | None:
    """Return the planted state by Newton's method in (B, a) from the frozen one; None where it does not settle.

    A state with B > 0 is the only one (docs/theory.md, eq. 84 and 85), so whichever is reached is the one wanted.
    """
    mean, variance = load * contrast, 2 * load * (1 + contrast)
    for _ in range(NEWTON_STEPS):
        spin = site.average(mean, math.sqrt(variance), temperature)
        d, signal = 1 - 2 * spin.susceptibility, spin.square + contrast * spin.overlap**2
        if d <= 0:
            return None
        pull, noise = load * contrast / d, 2 * load / d**2
        r1, r2 = mean - pull * spin.overlap, variance - noise * signal
        by_mean, by_variance = -2 * spin.skew, spin.slope  # of the susceptibility
        j11 = 1 - pull * (spin.susceptibility + 2 * spin.overlap * by_mean / d)
        j12 = -pull * (-spin.skew + 2 * spin.overlap * by_variance / d)
        q_by_mean = 2 * temperature * spin.skew + 2 * contrast * spin.overlap * spin.susceptibility
        q_by_variance = -temperature * spin.slope - 2 * contrast * spin.overlap * spin.skew
        j21 = -noise * (q_by_mean + 4 * signal * by_mean / d)
        j22 = 1 - noise * (q_by_variance + 4 * signal * by_variance / d)
        determinant = j11 * j22 - j12 * j21
        if determinant == 0:
            return None
        to_mean, to_variance = (j22 * r1 - j12 * r2) / determinant, (j11 * r2 - j21 * r1) / determinant
        mean, variance = mean - to_mean, variance - to_variance
        if not (mean > 0 and variance > 0):
            return None
        if abs(to_mean) < 1e-9 * mean and abs(to_variance) < 1e-9 * variance and abs(determinant) > 1e-3:
            return _state(WishartNoise(contrast), load, temperature, mean, variance)
    return None


def _state(noise: WishartNoise, load: float, temperature: float, mean: float, variance: float) -> State:
    """Assemble a state and measure how well it solves its equations."""
    spin = site.average(mean, math.sqrt(variance), temperature)
    d = stiffness(spin, temperature)
    residual = 0.0
    if mean > 0:
        expected = load * noise.contrast * spin.overlap / d if noise.contrast else 2 * spin.overlap
        residual = abs(expected / mean - 1)
    if variance > 0:
        signal = spin.square + noise.contrast * spin.overlap**2
        residual = max(residual, abs(math.sqrt(2 * load * signal / variance) - d))
    return State(symmetric_order(spin), mean, variance, spin, residual)


def free_energy(state: State, load: float, temperature: float, contrast: float = 0.0) -> float:
    """Return f = u - T s per spin, the energy at T = 0 (docs/theory.md, eq. 74 and 75)."""
    noise = WishartNoise(contrast)
    return noise.energy(state.order, load) - temperature * (state.site.entropy + noise.entropy(state.order, load))
