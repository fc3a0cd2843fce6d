"""Lines of archetypes in the plane (archetype load B, T), at a fixed load of copies (docs/theory.md, eq. 129 to 132).

States next to an archetype or a copy do not change with the number of archetypes; what ends them is the sum over all
others, which grows with it. Where an archetype and its copies are equal is therefore a line of constant temperature.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialArchetypes, ExponentialTeacherStudent
from densehop.theory.lines.exponential import equal_load, surplus
from densehop.theory.lines.line_forms import Curve, Level, Line, Settings
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.archetypes import background
from densehop.theory.models.exponential.model import ExponentialMemories, inverse, retrieval_limit
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import Known

ROUNDING = 2e-15  # of a difference of exponents
HOTTEST = 1e9  # temperatures beyond it are not searched


def problem_at(archetype_load: float, temperature: float, settings: Settings) -> ExponentialArchetypes:
    """Return the problem at a point of the plane."""
    load = archetype_load + settings["copies_load"]
    return ExponentialArchetypes(load, settings["sharpness"], temperature, settings["reliability"], archetype_load)


def _others(archetype_load: float, settings: Settings) -> float:
    """Return minus the energy per spin of a typical state (docs/theory.md, eq. 129)."""
    return background(problem_at(archetype_load, 0.0, settings)).exponent


def _archetype(settings: Settings, temperature: float) -> Known:
    """Return the state next to an archetype, a student of its copies."""
    if settings["reliability"] == 0:
        raise NoSolution("no archetype is in copies of reliability 0: they are independent memories")
    own = ExponentialTeacherStudent(
        settings["copies_load"], settings["sharpness"], temperature, settings["reliability"]
    )
    return ExponentialMemories().case(own, "inference")


def _copy(settings: Settings, temperature: float) -> Known:
    """Return the state next to a copy, if it outweighs the archetype's other copies."""
    limit = retrieval_limit(settings["sharpness"], temperature, settings["reliability"])
    if not settings["copies_load"] < limit:
        raise NoSolution(
            f"the other copies of its archetype outweigh a copy: their load {settings['copies_load']:g} is not below "
            f"{limit:.10g}"
        )
    return _around_copy(settings, temperature)


def _around_copy(settings: Settings, temperature: float) -> Known:
    """Return that state as it is where it exists."""
    x = inverse(temperature)
    overlap = math.tanh(x)
    return Known(overlap, overlap**2, -overlap, sums.spin_entropy(x), 1.0, 0.0, complexity=settings["copies_load"])


State = Callable[[Settings, float], Known]


def _ends(state: State) -> Callable[[Settings, float], Estimate]:
    """Return the function (settings, T) -> the archetype load at which all others outweigh a state."""

    def end(settings: Settings, temperature: float) -> Estimate:
        found = state(settings, temperature)
        return _root(lambda load: -found.energy - _others(load, settings), math.log(2), ROUNDING)

    return end


def _wins(state: State) -> Callable[[Settings, float], Estimate]:
    """Return the function (settings, T) -> the archetype load up to which a state wins over the paramagnet."""

    def limit(settings: Settings, temperature: float) -> Estimate:
        found, end = state(settings, temperature), _ends(state)(settings, temperature)
        if _wins_wherever_it_exists(found, settings, temperature):
            return end
        gain = temperature * (found.entropy + found.complexity - math.log(2)) - found.energy

        def lead(load: float) -> float:  # of the free energies of all states of a kind together
            return gain + temperature * load - _others(load, settings)

        if lead(0.0) <= 0:
            raise NoSolution("the paramagnet wins at any number of archetypes")
        return end if lead(end.value) >= 0 else _root(lead, end.value, ROUNDING * (1 + temperature))

    return limit


def _wins_wherever_it_exists(found: Known, settings: Settings, temperature: float) -> bool:
    """Whether (129), a minimum over sharpnesses, cannot exceed the state's free energy; at T = 0 energies compete."""
    return temperature == 0 or (found.replicon >= 0 and inverse(temperature) <= settings["sharpness"])


def _root(lead: Callable[[float], float], end: float, rounding: float) -> Estimate:
    """Return where a decreasing lead over others ends, between 0 and `end`, and how near to it rounding hides it."""
    if lead(end) >= 0:
        return Estimate(end, rounding)
    overlap = float(brentq(lambda x: lead(x * x), 0.0, math.sqrt(end), xtol=1e-15, rtol=1e-15))
    load = overlap**2  # of the closest archetypes, about: in it a lead is nearly straight
    step = 1e-14 * (load + rounding)
    while step < end and not lead(max(load - step, 0.0)) > rounding > -rounding > lead(load + step):
        step *= 4
    return Estimate(load, min(step, end))


def _hottest_copy(settings: Settings) -> float:
    """Return the temperature above which its archetype's other copies outweigh a copy, 0 if they always do."""
    return _falls_below(lambda t: retrieval_limit(settings["sharpness"], t, settings["reliability"]), settings, 0.0)


def _falls_below(limit: Callable[[float], float], settings: Settings, coldest: float) -> float:
    """Return the temperature at which a falling limit passes the load of copies; 0 if it is below from the start."""
    load = settings["copies_load"]
    if not limit(coldest) > load:
        return 0.0
    hot = max(1.0, 2 * coldest)
    while limit(hot) > load:
        hot *= 2
        if hot > HOTTEST:
            return math.inf
    return float(brentq(lambda t: limit(t) - load, coldest, hot, xtol=1e-15, rtol=1e-15))


def _equal(settings: Settings) -> list[tuple[float, float]]:
    """Return the temperatures at which archetype and copies have equal free energies, and up to which load both exist.

    The load of copies at which they are equal rises from T = 0 to one largest value and falls beyond: a mean over a
    function that does so.
    """
    sharpness, reliability, load = settings["sharpness"], settings["reliability"], settings["copies_load"]
    _archetype(settings, 1.0)
    if reliability == 1 or load == 0:
        return []

    def limit(temperature: float) -> float:
        return equal_load(sharpness, temperature, reliability)

    peak = _largest(sharpness, reliability)
    heights = [_falls_below(limit, settings, peak)]
    if peak > 0 and limit(0.0) < load < limit(peak):
        heights.append(float(brentq(lambda t: limit(t) - load, 0.0, peak, xtol=1e-15, rtol=1e-15)))
    return [(t, min(_ends(state)(settings, t).value for state in (_archetype, _around_copy))) for t in heights if t > 0]


def _largest(sharpness: float, reliability: float) -> float:
    """Return the temperature at which `equal_load` is largest, below 1/L."""

    def rises(temperature: float) -> float:  # with 1/T
        gained = surplus(sharpness, np.array(1 / temperature), reliability)
        return float(gained) - equal_load(sharpness, temperature, reliability)

    hot = 1 / sharpness * (1 - 1e-12)
    if rises(hot) <= 0:
        return 1 / sharpness
    cold = hot / 2
    while rises(cold) > 0:
        cold /= 2
        if cold < 1e-12:
            return 0.0
    return float(brentq(rises, cold, hot, xtol=1e-15))


def _up_to_the_hottest_copy(settings: Settings) -> tuple[float, float]:
    return 0.0, _hottest_copy(settings)


LINES: dict[str, Line] = {
    "inference_spinodal": Curve(_ends(_archetype)),
    "inference_global": Curve(_wins(_archetype)),
    "retrieval_spinodal": Curve(_ends(_copy), _up_to_the_hottest_copy, closed=True),
    "retrieval_global": Curve(_wins(_copy), _up_to_the_hottest_copy),
    "inference_or_retrieval": Level(_equal),
}
