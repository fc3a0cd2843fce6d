"""Where 1RSB states of finite overlap end and win: retrieval for every p, inference for p = 2 (eq. 29, 32, 37 and 52).

Retrieval ends at the largest load of the curve on which its states lie (`broken_curve`). At low T that is much more
than replica symmetry allows: at p = 3, T = 0 it is 0.9224 instead of 0.7566.
"""

from collections.abc import Callable

from scipy.optimize import brentq

from densehop.errors import NotConverged
from densehop.theory.lines import broken_curve, curves
from densehop.theory.lines.estimate import Estimate
from densehop.theory.states import one_step_branch
from densehop.theory.states.one_step_branch import Point


def spinodal_load(p: int, temperature: float) -> Estimate:
    """Return the largest load of the retrieval state with one step of breaking where it is needed (eq. 29 and 32)."""
    plain = broken_curve.Kind(p).symmetric_end(temperature)
    found = broken_curve.curve(broken_curve.Kind(p), temperature)
    if found is None:
        return Estimate(plain.value, plain.error + broken_curve.unresolved(broken_curve.Kind(p), temperature))
    load = found.end.state.load
    if load < plain.value:
        raise NotConverged(f"the 1RSB states were followed to load = {load:.10g}, less than replica symmetry allows")
    return Estimate(load, one_step_branch.load_error(found.system, found.end))


def onset_load(temperature: float, contrast: float) -> Estimate:
    """Return the load at which inference begins in 1RSB, p = 2, T < T* (docs/theory.md, eq. 52)."""
    found = broken_curve.curve(broken_curve.Kind(2, contrast), temperature)
    if found is None:
        plain = broken_curve.Kind(2, contrast).symmetric_end(temperature)
        return Estimate(plain.value, plain.error + broken_curve.unresolved(broken_curve.Kind(2, contrast), temperature))
    last = found.points[-1]
    error = one_step_branch.load_error(found.system, last)
    return Estimate(found.onset, error + broken_curve.FADED**2 * abs(last.state.load - found.onset) + 1e-3 * error)


def global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which the 1RSB retrieval state wins, p >= 3 (docs/theory.md, eq. 37)."""
    plain, found = curves.global_load(p, temperature), broken_curve.curve(broken_curve.Kind(p), temperature)
    if found is None or plain.value <= found.parting:
        return plain
    system = found.system

    def lead(point: Point) -> float:
        here = point.state
        spins = here.site.entropy + system.noise.entropy(here.order, here.load)
        free_energy = system.noise.energy(here.order, here.load) - temperature * spins
        return curves.background(p, here.load, temperature) - free_energy

    beaten = next((k for k, point in enumerate(found.points) if lead(point) < 0), None)
    if beaten is None:
        return spinodal_load(p, temperature)
    if beaten == 0:
        return _close_to_parting(p, found, plain, lead)
    one, other = found.points[beaten - 1], found.points[beaten]
    root = one_step_branch.where(system, one, other, lead)
    slope = (lead(other) - lead(one)) / (other.state.load - one.state.load)
    off = (abs(lead(root)) + curves.TABLE_ERROR) / abs(slope)
    return Estimate(root.state.load, off + one_step_branch.load_error(system, root))


def _close_to_parting(p: int, found: broken_curve.Curve, plain: Estimate, lead: Callable[[Point], float]) -> Estimate:
    """Return the transition between the AT line and the first state: replica symmetry is almost right there."""
    first = found.points[0]
    if first.state.load <= found.parting or found.start is None:
        return plain
    low = found.parting + 1e-6 * (first.state.load - found.parting)
    kind = broken_curve.Kind(p)
    at = {load: lead(broken_curve.before_first(kind, found, load)) for load in (low, first.state.load)}
    if at[low] < 0:
        return plain
    load = float(brentq(lambda v: lead(broken_curve.before_first(kind, found, v)), low, first.state.load, xtol=1e-14))
    slope = (at[first.state.load] - at[low]) / (first.state.load - low)
    return Estimate(load, curves.TABLE_ERROR / abs(slope) + plain.error)
