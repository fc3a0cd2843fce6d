"""The states of memories with exponential energies: every one of them is explicit (docs/theory.md, section 16)."""

import math
from typing import NamedTuple

from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialModel, ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.states.model import Known, Model

ExponentialProblem = ExponentialModel | ExponentialTeacherStudent


class ExponentialMemories(Model):
    """Memories or examples in -(1/L) log sum_a exp(L k_a): the others are a random energy model beside one of them."""

    def case(self, problem: ExponentialProblem, name: str) -> Known:
        """Return a branch of a problem."""
        if name == "retrieval":
            return _retrieval(problem)
        if name == "inference":
            return _inference(problem)
        if name == "paramagnet":
            return _paramagnet(problem)
        rest = "inference" if reliability_of(problem) > 0 else "paramagnet"
        raise NoSolution(f"no spin glass with exponential energies: where no memory is retrieved, ask for '{rest}'")

    def wanted(self, problem: ExponentialProblem) -> str:
        """Return "retrieval" for memories, "inference" where there is a teacher."""
        return "retrieval" if isinstance(problem, ExponentialModel) else "inference"


def reliability_of(problem: ExponentialProblem) -> float:
    """Return the overlap of a stored vector with the hidden pattern; memories have none."""
    return problem.reliability if isinstance(problem, ExponentialTeacherStudent) else 0.0


def inverse(temperature: float) -> float:
    """Return 1/T, inf at T = 0."""
    return 1 / temperature if temperature > 0 else math.inf


def next_to_example(overlap: float, reliability: float) -> sums.State:
    """Return the state at an overlap with one typical example and otherwise random."""
    q = reliability * overlap
    return sums.State(q, (1 - q) / 2)


def retrieval_limit(sharpness: float, temperature: float, reliability: float = 0.0) -> float:
    """Return the load up to which the state around one memory or example exists (docs/theory.md, eq. 98)."""
    beta = inverse(temperature)
    state = next_to_example(math.tanh(beta), reliability)
    if beta <= sharpness:
        return sums.information(beta, state, reliability)
    limit = sums.shortfall(sharpness, state, reliability) - 2 * sharpness * sums.of_field(beta).opposed
    return max(0.0, limit)  # at r = 1 all examples are the pattern, and no load is left for one of them


def _retrieval(problem: ExponentialProblem) -> Known:
    """Return the state around one of the stored vectors: its field is 1 wherever it outweighs the others."""
    reliability, beta = reliability_of(problem), inverse(problem.temperature)
    limit = retrieval_limit(problem.sharpness, problem.temperature, reliability)
    if not problem.load < limit:
        raise NoSolution(
            f"no retrieval at load {problem.load:g}: at this sharpness and temperature it ends at {limit:.10g}"
        )
    m = math.tanh(beta)
    return Known(
        m, m * m, energy=-m, entropy=sums.spin_entropy(beta), replicon=1.0, residual=0.0,
        q_star=reliability * m, complexity=problem.load,
    )  # fmt: skip


def _paramagnet(problem: ExponentialProblem) -> Known:
    """Return the typical state of memories, in which a spin has no field."""
    if reliability_of(problem) > 0:
        raise NoSolution("no paramagnet: examples of one pattern act on every spin as a field; ask for 'inference'")
    carrying = sums.carrying_sharpness(problem.load, problem.sharpness, 0.0)
    energy = 0.0 - sums.exponent(problem.load, carrying, sums.NO_PATTERN, 0.0)
    condensed = _condensed(problem, carrying)
    return Known(0.0, 0.0, energy, math.log(2), condensed.stability, 0.0, advice=condensed.advice("paramagnet"))


def student_field(sharpness: float, temperature: float, reliability: float) -> float:
    """Return the field over T that all examples together put on a spin, (1/(L T)) atanh(r tanh L)."""
    slope = sums.odd(sharpness, reliability) / sharpness if sharpness > 0 else reliability
    return slope * inverse(temperature) if slope > 0 else 0.0


def _inference(problem: ExponentialProblem) -> Known:
    """Return the state of a student that follows all examples together."""
    reliability, temperature = reliability_of(problem), problem.temperature
    if reliability == 0:
        what = "memories have no teacher" if isinstance(problem, ExponentialModel) else "examples of reliability 0"
        raise NoSolution(f"no inference: {what}; ask for 'retrieval' or 'paramagnet'")

    def state_at(sharpness: float) -> sums.State:
        return sums.of_field(student_field(sharpness, temperature, reliability))

    carrying = sums.carrying_sharpness(problem.load, problem.sharpness, reliability, state_at)
    state = state_at(carrying)
    energy = 0.0 - sums.exponent(problem.load, carrying, state, reliability)
    entropy = sums.spin_entropy(student_field(carrying, temperature, reliability))
    condensed = _condensed(problem, carrying)
    return Known(
        state.overlap, state.overlap**2, energy, entropy, condensed.stability, 0.0,
        m=reliability * state.overlap, advice=condensed.advice("inference"),
    )  # fmt: skip


class Condensation(NamedTuple):
    """Whether the closest vectors, which carry the sum, draw the state towards themselves: stability < 0."""

    stability: float
    sharpness: float

    def advice(self, branch: str) -> str:
        """Say that a state is not stable and where it goes."""
        if self.stability >= 0:
            return ""
        return (
            f"the {branch} is unstable here: the few stored vectors closest to a state carry the energy and draw it to "
            f"themselves, below T = 1/{self.sharpness:.6g}; ask for 'retrieval'"
        )


def _condensed(problem: ExponentialProblem, carrying: float) -> Condensation:
    """Return how far a state is from following the vectors closest to it; 1 where many vectors carry the sum."""
    if carrying == problem.sharpness:
        return Condensation(1.0, carrying)
    scaled = carrying * problem.temperature
    return Condensation(1 - 1 / scaled if scaled > 0 else -math.inf, carrying)
