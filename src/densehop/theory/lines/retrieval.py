"""`retrieval_boundary`: the load up to which a memory is retrieved, for every p and in both ansatzes."""

import math
from collections.abc import Callable, Iterable
from functools import cache, partial

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.theory.lines import curves, pairwise_lines
from densehop.theory.models.choice import p_body
from densehop.theory.models.pairwise import curves as pairwise_curves
from densehop.theory.models.pairwise import glass as pairwise_glass
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import broken_curve, one_step
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.one_step import Fields

Line = Callable[[float], Estimate]  # a load at a temperature

KINDS = ("spinodal", "global", "global_ags")


def retrieval_boundary(p: int, temperature: float, kind: str = "spinodal", ansatz: str = "rs") -> float:
    """Return the largest load alpha at which the direct model retrieves at a temperature (docs/theory.md, eq. 31, 40).

    Parameters
    ----------
    p : int
    temperature : float
        T >= 0.
    kind : "spinodal" (retrieval exists), "global" (it has the lowest free energy; its rival is the paramagnet or the
        1RSB spin glass) or "global_ags" (p = 2 with a replica-symmetric rival: Amit, Gutfreund & Sompolinsky 1985)
    ansatz : "rs" or "1rsb"
        Of the retrieval state; at global boundaries of p = 2 it is replica symmetric, and stable there.

    Raises
    ------
    NoSolution
        If nothing is retrieved at this temperature at any load.
    """
    p = checks.body_number(p)
    temperature = checks.number("temperature", temperature, zero_allowed=True)
    checks.choice("kind", kind, KINDS)
    checks.choice("ansatz", ansatz, ("rs", "1rsb"))
    if kind == "global_ags":
        if p_body(p).universal:
            raise InvalidInput(f"kind 'global_ags' is a line of p = 2, got p = {p}: ask for 'global'")
        return pairwise_lines.retrieval_global_load(temperature).value
    return retrieval_line(p, kind, ansatz)(temperature).value


def retrieval_line(p: int, kind: str, ansatz: str = "rs") -> Line:
    """Return the load at a temperature of the direct model's "spinodal", "global" or "stability" line."""
    model = p_body(p)
    if kind == "stability":
        return model.retrieval.stability_load
    if kind == "spinodal" and ansatz == "rs":
        return model.retrieval.symmetric_end
    if kind == "spinodal":
        return partial(broken_curve.end_load, model.retrieval)
    if not model.universal:
        return pairwise_global_load
    return partial(curves.global_load if ansatz == "rs" else curves.broken_global_load, p)


def pairwise_global_load(temperature: float) -> Estimate:
    """Return the load below which retrieval of p = 2 wins over the 1RSB spin glass (docs/theory.md, eq. 40 and 83)."""
    if temperature >= 2:
        raise NoSolution(f"no retrieval at T = {temperature:.10g}: for p = 2 it exists below T = 2")
    symmetric = math.log(pairwise_global_variance(temperature))
    start: list[Fields] = []

    @cache
    def lead(log_a: float) -> float:
        a = math.exp(log_a)
        load = pairwise_curves.retrieval_load(a, temperature)
        retrieved = pairwise.retrieval_at(a, load, temperature)
        return _glass_free_energy(load, temperature, start) - pairwise.free_energy(retrieved, load, temperature)

    highest = pairwise_curves.spinodal_log_variance(temperature)
    try:
        log_a = pairwise_curves.bracketed_root(lambda log_a: -lead(log_a), symmetric, highest, step=0.01)
    except NoSolution as lost:
        raise NoSolution(
            f"the transition of p = 2 at T = {temperature:.10g} is lost in rounding: too close to T = 2"
        ) from lost
    load = pairwise_curves.retrieval_load(math.exp(log_a), temperature)
    slope = (lead(log_a + 1e-3) - lead(log_a)) / 1e-3
    return Estimate(load, load * (abs(lead(log_a)) + 4e-15) / abs(slope))


def pairwise_global_variance(temperature: float) -> float:
    """Return the field's variance where retrieval ties with the replica-symmetric glass: a start for the 1RSB one."""
    load = pairwise_lines.retrieval_global_load(temperature).value
    return pairwise.retrieval(load, temperature).variance


def _glass_free_energy(load: float, temperature: float, start: list[Fields]) -> float:
    """Return the 1RSB glass's free energy; `start` holds the last state found, from which the next is reached."""
    noise = WishartNoise()
    starts: Iterable[Fields] = start
    if not start:
        plain = pairwise.spin_glass(load, temperature)
        starts = pairwise_glass.nearby(noise, load, temperature, 0.0, plain.variance)
    found = one_step.solve(noise, load, temperature, starts)
    start[:] = [found.fields]
    spins = found.site.entropy + noise.entropy(found.order, load)
    return noise.energy(found.order, load) - temperature * spins
