"""The 1RSB retrieval state where replica symmetry is unstable, and beyond where the replica-symmetric state ends.

At a mean field the load is explicit, as with replica symmetry, so that the state is followed along the mean field
through its largest load. At low T it reaches much further than the replica-symmetric one: at p = 3, T = 0 to 0.9224
instead of 0.7566.
"""

from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq, minimize_scalar

from densehop.errors import NoSolution
from densehop.theory.lines import curves, pairwise_lines
from densehop.theory.lines.estimate import Estimate
from densehop.theory.states import many_body, nishimori, one_step, pairwise
from densehop.theory.states.noise import Noise, TensorNoise
from densehop.theory.states.one_step import BrokenState

INSIDE = 0.98  # of the replica-symmetric spinodal: where the 1RSB state is first sought
STEP = 0.02  # of the mean field, from state to state
LARGEST_STEPS = 80
BARELY = 1e-13
PAIRWISE_FURTHEST = 0.28


def noise_of(p: int) -> Noise:
    """Return the direct model's noise."""
    return TensorNoise(p) if p > 2 else pairwise.WishartNoise()


def symmetric(p: int, load: float, temperature: float) -> many_body.State | pairwise.State:
    """Return the replica-symmetric retrieval state."""
    return many_body.retrieval(p, load, temperature) if p > 2 else pairwise.retrieval(load, temperature)


def symmetric_spinodal(p: int, temperature: float) -> Estimate:
    """Return the largest load of the replica-symmetric retrieval state."""
    return curves.spinodal_load(p, temperature) if p > 2 else pairwise_lines.retrieval_spinodal_load(temperature)


def is_stable(p: int, load: float, temperature: float) -> bool:
    """Whether replica symmetry is stable in the retrieval state."""
    state = symmetric(p, load, temperature)
    return noise_of(p).replicon(state.order, load, temperature, state.site.fourth) >= 0


def near_symmetric(p: int, load: float, temperature: float) -> BrokenState:
    """Return the 1RSB state at a load at which there is an unstable replica-symmetric one."""
    state, noise = symmetric(p, load, temperature), noise_of(p)
    starts = one_step.starts_from(noise, load, temperature, state.mean, state.variance)
    return one_step.solve(noise, load, temperature, starts)


@lru_cache(maxsize=256)
def path(p: int, temperature: float) -> tuple[BrokenState, ...]:
    """Return 1RSB states towards smaller mean fields, the last one beyond the largest load; none where RS is stable."""
    end = symmetric_spinodal(p, temperature).value
    if is_stable(p, end, temperature):
        return ()
    inside = INSIDE * end
    states = [near_symmetric(p, inside if not is_stable(p, inside, temperature) else end, temperature)]
    while len(states) < 3 or states[-1].load > states[-2].load:
        if len(states) > LARGEST_STEPS:
            raise NoSolution("the 1RSB retrieval state was followed without reaching its largest load")
        states.append(shifted(p, temperature, states[-1], states[-1].fields.mean * (1 - STEP)))
    return tuple(states)


def shifted(p: int, temperature: float, near: BrokenState, mean: float) -> BrokenState:
    """Return the 1RSB state of a mean field close to that of a known one."""
    return one_step.at_mean(noise_of(p), temperature, near.fields._replace(mean=mean))


@lru_cache(maxsize=256)
def spinodal(p: int, temperature: float) -> BrokenState | None:
    """Return the 1RSB state of largest load; None where replica symmetry is stable up to its own end."""
    states = path(p, temperature)
    if not states:
        return None
    result = minimize_scalar(
        lambda mean: -shifted(p, temperature, states[-2], float(mean)).load,
        bounds=(states[-1].fields.mean, states[-3].fields.mean),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return shifted(p, temperature, states[-2], float(result.x))


def spinodal_load(p: int, temperature: float) -> Estimate:
    """Return the largest load of the retrieval state with one step of breaking where it is needed (eq. 29 and 32)."""
    limit = spinodal(p, temperature)
    return symmetric_spinodal(p, temperature) if limit is None else Estimate(limit.load, BARELY + limit.residual)


def beyond(p: int, load: float, temperature: float, signal: float = 1.0) -> BrokenState:
    """Return the 1RSB state at a load beyond the end of the replica-symmetric one; `signal` is for messages."""
    bound = furthest(p)
    limit = spinodal(p, temperature) if temperature < bound and load < bound else None
    if limit is None or load > limit.load:
        reach = limit.load if limit is not None else max(bound, symmetric_spinodal(p, temperature).value)
        raise NoSolution(
            f"no state of finite overlap in 1RSB at load = {signal**2 * load:.10g}, T = {signal * temperature:.10g}: "
            f"none beyond {'load' if signal == 1 else 'load/signal^2'} = {reach:.10g}"
        )
    states = [*(state for state in path(p, temperature) if state.fields.mean > limit.fields.mean), limit]
    after = next(k for k, state in enumerate(states) if state.load >= load)
    low, high = states[after], states[max(after - 1, 0)]
    mean = _where(p, temperature, low, high, lambda found: found.load - load)
    return one_step.solve(noise_of(p), load, temperature, [shifted(p, temperature, low, mean).fields])


def furthest(p: int) -> float:
    """Return a load and temperature that no state of finite overlap exceeds where replica symmetry is unstable.

    For p >= 3 it is the direct model's own Nishimori line's spinodal: the boundary turns back there. For p = 2 it lies
    beyond the replica-symmetric line's largest load by less than 1%.
    """
    return 1 / nishimori.nishimori_lines(p).gamma_local if p > 2 else PAIRWISE_FURTHEST


def global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which the 1RSB retrieval state wins, p >= 3 (docs/theory.md, eq. 37)."""
    plain, noise = curves.global_load(p, temperature), noise_of(p)
    if is_stable(p, plain.value, temperature):
        return plain

    def lead(found: BrokenState) -> float:
        spins = found.site.entropy + noise.entropy(found.order, found.load)
        free_energy = noise.energy(found.order, found.load) - temperature * spins
        return curves.background(p, found.load, temperature) - free_energy

    here = near_symmetric(p, plain.value, temperature)
    outward = lead(here) > 0
    for _ in range(LARGEST_STEPS):
        before = here
        here = shifted(p, temperature, here, here.fields.mean * (1 - STEP if outward else 1 + STEP / 20))
        if (lead(here) > 0) != outward:
            break
    found = shifted(p, temperature, before, _where(p, temperature, here, before, lead))
    slope = (lead(here) - lead(before)) / (here.load - before.load)
    return Estimate(found.load, (abs(lead(found)) + BARELY) / abs(slope))


def _where(
    p: int, temperature: float, one: BrokenState, other: BrokenState, function: Callable[[BrokenState], float]
) -> float:
    """Return the mean field between two states at which a function of the state vanishes."""
    if function(one) * function(other) > 0:  # the wanted state lies at `one` to rounding
        return one.fields.mean
    return float(
        brentq(
            lambda mean: function(shifted(p, temperature, one, mean)),
            one.fields.mean,
            other.fields.mean,
            xtol=1e-13,
            rtol=1e-13,
        )
    )
