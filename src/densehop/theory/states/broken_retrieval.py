"""The 1RSB retrieval state where replica symmetry is unstable, and beyond where the replica-symmetric state ends.

At a mean field the load is explicit, as with replica symmetry, so that the state is followed along the mean field
through its largest load. At low T it reaches much further than the replica-symmetric one: at p = 3, T = 0 to 0.9224
instead of 0.7566.
"""

from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq, minimize_scalar

from densehop.errors import NoSolution
from densehop.theory.states import one_step
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import OrderedBranch
from densehop.theory.states.one_step import BrokenState

INSIDE = 0.98  # of the replica-symmetric spinodal: where the 1RSB state is first sought
STEP = 0.02  # of the mean field, from state to state
LARGEST_STEPS = 80
BARELY = 1e-13


def is_stable(branch: OrderedBranch, load: float, temperature: float) -> bool:
    """Whether replica symmetry is stable in the retrieval state."""
    state = branch.symmetric(load, temperature)
    return branch.noise.replicon(state.order, load, temperature, state.site.fourth) >= 0


def near_symmetric(branch: OrderedBranch, load: float, temperature: float) -> BrokenState:
    """Return the 1RSB state at a load at which there is an unstable replica-symmetric one."""
    state, noise = branch.symmetric(load, temperature), branch.noise
    starts = one_step.starts_from(noise, load, temperature, state.mean, state.variance)
    return one_step.solve(noise, load, temperature, starts)


@lru_cache(maxsize=256)
def path(branch: OrderedBranch, temperature: float) -> tuple[BrokenState, ...]:
    """Return 1RSB states towards smaller mean fields, the last one beyond the largest load; none where RS is stable."""
    end = branch.symmetric_end(temperature).value
    if is_stable(branch, end, temperature):
        return ()
    inside = INSIDE * end
    states = [near_symmetric(branch, inside if not is_stable(branch, inside, temperature) else end, temperature)]
    while len(states) < 3 or states[-1].load > states[-2].load:
        if len(states) > LARGEST_STEPS:
            raise NoSolution("the 1RSB retrieval state was followed without reaching its largest load")
        states.append(shifted(branch, temperature, states[-1], states[-1].fields.mean * (1 - STEP)))
    return tuple(states)


def shifted(branch: OrderedBranch, temperature: float, near: BrokenState, mean: float) -> BrokenState:
    """Return the 1RSB state of a mean field close to that of a known one."""
    return one_step.at_mean(branch.noise, temperature, near.fields._replace(mean=mean))


@lru_cache(maxsize=256)
def spinodal(branch: OrderedBranch, temperature: float) -> BrokenState | None:
    """Return the 1RSB state of largest load; None where replica symmetry is stable up to its own end."""
    states = path(branch, temperature)
    if not states:
        return None
    result = minimize_scalar(
        lambda mean: -shifted(branch, temperature, states[-2], float(mean)).load,
        bounds=(states[-1].fields.mean, states[-3].fields.mean),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return shifted(branch, temperature, states[-2], float(result.x))


def spinodal_load(branch: OrderedBranch, temperature: float) -> Estimate:
    """Return the largest load of the retrieval state with one step of breaking where it is needed (eq. 29 and 32)."""
    limit = spinodal(branch, temperature)
    return branch.symmetric_end(temperature) if limit is None else Estimate(limit.load, BARELY + limit.residual)


def beyond(branch: OrderedBranch, bound: float, load: float, temperature: float, signal: float = 1.0) -> BrokenState:
    """Return the 1RSB state at a load beyond the end of the replica-symmetric one; `signal` is for messages.

    `bound` is a load and temperature that no state of finite overlap exceeds where replica symmetry is unstable.
    """
    limit = spinodal(branch, temperature) if temperature < bound and load < bound else None
    if limit is None or load > limit.load:
        reach = limit.load if limit is not None else max(bound, branch.symmetric_end(temperature).value)
        raise NoSolution(
            f"no state of finite overlap in 1RSB at load = {signal**2 * load:.10g}, T = {signal * temperature:.10g}: "
            f"none beyond {'load' if signal == 1 else 'load/signal^2'} = {reach:.10g}"
        )
    states = [*(state for state in path(branch, temperature) if state.fields.mean > limit.fields.mean), limit]
    after = next(k for k, state in enumerate(states) if state.load >= load)
    low, high = states[after], states[max(after - 1, 0)]
    mean = where(branch, temperature, low, high, lambda found: found.load - load)
    return one_step.solve(branch.noise, load, temperature, [shifted(branch, temperature, low, mean).fields])


def where(
    branch: OrderedBranch,
    temperature: float,
    one: BrokenState,
    other: BrokenState,
    function: Callable[[BrokenState], float],
) -> float:
    """Return the mean field between two states at which a function of the state vanishes."""
    if function(one) * function(other) > 0:  # the wanted state lies at `one` to rounding
        return one.fields.mean
    return float(
        brentq(
            lambda mean: function(shifted(branch, temperature, one, mean)),
            one.fields.mean,
            other.fields.mean,
            xtol=1e-13,
            rtol=1e-13,
        )
    )
