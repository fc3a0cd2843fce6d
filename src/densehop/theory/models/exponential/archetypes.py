"""Noisy copies of many archetypes in an exponential energy: a random energy model of two levels (eq. 129 to 132).

Next to one archetype the state is that of a student of its copies, and next to one copy that of a memory. All other
archetypes together act on either as the sum over copies that no state is close to.
"""

import math
from dataclasses import replace
from typing import NamedTuple

from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialArchetypes, ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.models.exponential.model import ExponentialMemories, inverse, next_to_example, student_field
from densehop.theory.states.model import Known, Model


class Background(NamedTuple):
    """The sum over all copies in a typical state, minus the energy per spin, and what carries it.

    sharpness: l at which copies carry it, L or less;  overlap: that of the state with the archetypes that carry it, and
    whether these are the closest of all (`closest`).
    """

    exponent: float
    sharpness: float
    overlap: float
    closest: bool


def background(problem: ExponentialArchetypes) -> Background:
    """Return the sum over copies of random archetypes (docs/theory.md, eq. 129)."""
    reliability, copies = problem.reliability, problem.copies_load
    carrying = sums.carrying_sharpness(problem.load, problem.sharpness, 0.0)
    overlap = sums.of_field(sums.odd(carrying, reliability))
    if sums.information(sums.odd(carrying, reliability), sums.NO_PATTERN, 0.0) <= problem.archetype_load:
        return Background(
            sums.exponent(problem.load, carrying, sums.NO_PATTERN, 0.0), carrying, overlap.overlap, closest=False
        )
    closest = closest_overlap(problem.archetype_load)
    carrying = sums.carrying_sharpness(copies, problem.sharpness, reliability, lambda _: closest)
    return Background(sums.exponent(copies, carrying, closest, reliability), carrying, closest.overlap, closest=True)


def closest_overlap(load: float) -> sums.State:
    """Return the overlap m* of a random state with the closest of exp(A N) random vectors, I(m*) = A."""

    def beyond(field: float) -> float:  # I(tanh x) - A
        return field * math.tanh(field) - sums.log_cosh(field) - load

    if load == 0 or beyond(sums.FURTHEST) <= 0:
        return sums.of_field(sums.FURTHEST if load > 0 else 0.0)
    least = math.sqrt(2 * load) * (1 - 1e-9)  # I is at most x^2/2
    return sums.of_field(float(brentq(beyond, least, sums.FURTHEST, xtol=1e-17, rtol=1e-15)))


class Archetypes(Model):
    """Copies of many archetypes in -(1/L) log sum_a exp(L k_a)."""

    def case(self, problem: ExponentialArchetypes, name: str) -> Known:
        """Return a branch of a problem."""
        if name == "inference":
            return _next_to_archetype(problem)
        if name == "retrieval":
            return _next_to_copy(problem)
        if name == "paramagnet":
            return _paramagnet(problem)
        raise NoSolution("no spin glass with exponential energies: where nothing is retrieved, ask for 'paramagnet'")

    def wanted(self, problem: ExponentialArchetypes) -> str:
        """Return "inference": of the archetypes."""
        del problem
        return "inference"


def _next_to_archetype(problem: ExponentialArchetypes) -> Known:
    """Return the state of a student of one archetype's copies, if they outweigh all other copies (eq. 130)."""
    own = ExponentialTeacherStudent(problem.copies_load, problem.sharpness, problem.temperature, problem.reliability)
    found = ExponentialMemories().case(own, "inference")
    others = background(problem).exponent
    if problem.archetype_load > 0 and not -found.energy > others:
        raise NoSolution(
            f"no archetype holds a state: its copies give {-found.energy:.6g} per spin, all others {others:.6g}"
        )
    return found._replace(complexity=problem.archetype_load)


def _next_to_copy(problem: ExponentialArchetypes) -> Known:
    """Return the state around one copy, if it outweighs the copies of its archetype and all others (eq. 131)."""
    beta, reliability = inverse(problem.temperature), problem.reliability
    state = sums.of_field(beta)
    near = next_to_example(state.overlap, reliability)
    carrying = sums.carrying_sharpness(problem.copies_load, problem.sharpness, reliability, lambda _: near)
    siblings = sums.exponent(problem.copies_load, carrying, near, reliability)
    others = max(siblings, background(problem).exponent)
    if not state.overlap > others:
        raise NoSolution(f"no copy holds a state: it gives {state.overlap:.6g} per spin, the others {others:.6g}")
    return Known(
        state.overlap, state.overlap**2, energy=-state.overlap, entropy=sums.spin_entropy(beta), replicon=1.0,
        residual=0.0, q_star=reliability * state.overlap, complexity=problem.load,
    )  # fmt: skip


def _paramagnet(problem: ExponentialArchetypes) -> Known:
    """Return the typical state, in which a spin has no field."""
    found = background(problem)
    beta = inverse(problem.temperature)
    tries = [1.0]
    if found.sharpness < problem.sharpness:  # the closest copies carry the sum
        tries.append(1 - beta / found.sharpness if found.sharpness > 0 else -beta)
    if found.closest:  # the closest archetypes do
        pull = student_field(found.sharpness, problem.temperature, problem.reliability)
        reach = sums.carrying_sharpness(problem.archetype_load, sums.FURTHEST, 0.0)
        tries.append(1 - pull / reach if reach > 0 else -pull)
    stability = min(tries)
    advice = (
        ""
        if stability >= 0
        else (
            "the paramagnet is unstable here: the few archetypes or copies closest to a state carry the energy and "
            "draw it to themselves; ask for 'inference' or 'retrieval'"
        )
    )
    return Known(0.0, 0.0, 0.0 - found.exponent, sums.spin_entropy(0.0), stability, 0.0, advice=advice)


def field_of_archetypes(problem: ExponentialArchetypes) -> float:
    """Return the size of the field of all copies in a typical state, by its exponent over L (docs/theory.md, eq. 142).

    The copies of one archetype pull together, those of different archetypes with random signs.
    """
    sharpness, load, reliability = problem.sharpness, problem.archetype_load, problem.reliability

    def carrying(field: float) -> float:
        return sums.carrying_sharpness(problem.copies_load, sharpness, reliability, lambda _: sums.of_field(field))

    def beyond(field: float) -> float:  # of archetypes of overlap tanh(field), which give most where it is 0
        tilt = carrying(field)
        return field - 2 * sharpness * (sums.odd(tilt, reliability) / tilt if tilt > 0 else reliability)

    closest = sums.carrying_sharpness(load, sums.FURTHEST, 0.0)
    field = closest if beyond(closest) <= 0 else float(brentq(beyond, 0.0, closest, xtol=1e-15))
    room = load - sums.information(field, sums.NO_PATTERN, 0.0) if field < closest else 0.0
    together = sums.exponent(problem.copies_load, carrying(field), sums.of_field(field), reliability)
    alone = background(replace(problem, sharpness=2 * sharpness)).exponent
    return max(alone, together + room / (2 * sharpness))
