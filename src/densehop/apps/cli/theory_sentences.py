"""What the answers of the theory mean, and what to ask next, in sentences; `--json` has all digits."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from densehop.theory.diagrams.phases import Phase
    from densehop.theory.states.solution import Solution

PHASES = {
    "P": "paramagnet: the network wanders through all states and keeps nothing",
    "SG": "spin glass: it freezes in one of many states that resemble no pattern",
    "lR": "local retrieval: a start near the pattern stays there, but other states are likelier",
    "gR": "global retrieval: the state near the pattern is the likeliest of all",
    "eR": "example retrieval: the student keeps single examples, as prototypes, not what they have in common",
}
NAMES = {
    "retrieval": "a memory's or example's state",
    "unrelated_retrieval": "an unrelated memory's state",
    "inference": "the hidden pattern's state",
    "spin_glass": "the spin glass",
    "paramagnet": "the paramagnet",
}
LINES = {
    "retrieval_spinodal": "inside this line, at smaller load, a memory has a state of its own: a start near it stays",
    "retrieval_global": "inside this line, at smaller load, the state of a memory is the likeliest of all",
    "retrieval_stability": "below this line replica symmetry is not exact for the state of a memory: --ansatz 1rsb",
    "inference_spinodal": "beyond this line, with more examples, the teacher's pattern has a state of its own: a start "
    "near it stays",
    "inference_global": "beyond this line, with more examples, the teacher's pattern has the likeliest state of all",
    "inference_stability": "below this line replica symmetry is not exact for the state of the pattern: --ansatz 1rsb",
    "inference_or_retrieval": "on this line the states of the teacher's pattern and of an example are equally likely",
    "glass_static": "below this line the spin glass is the state that resembles nothing, in place of the paramagnet",
    "glass_dynamic": "below this line the paramagnet consists of many states that local moves do not leave",
    "glass_gardner": "below this line the spin glass breaks replica symmetry further than one step",
    "zero_entropy": "below this line the paramagnet's entropy is negative: it is not the state of the system",
}
OTHER_LINES = {
    "exponential_examples": {
        "inference_spinodal": "beyond this line, with more examples, the student's state stays with the teacher's "
        "pattern: before it, the closest examples draw it to themselves",
    },
    "exponential_archetypes": {
        "inference_spinodal": "inside this line, with fewer archetypes, an archetype has a state of its own: a start "
        "near it stays",
        "inference_global": "inside this line, with fewer archetypes, the archetypes' states are likelier than typical "
        "ones",
        "retrieval_spinodal": "inside this line a single copy has a state of its own: a start near it stays",
        "retrieval_global": "inside this line the states of single copies are likelier than typical ones",
        "inference_or_retrieval": "at this temperature archetypes and single copies have equally likely states",
    },
    "rectified": {
        "retrieval_spinodal": "up to this load a memory outweighs all others together, at any temperature",
        "retrieval_global": "beyond this line, with more memories, the states of all memories together are likelier "
        "than typical ones",
    },
}


def solution_sentences(solution: "Solution") -> list[str]:
    """Say what a branch would look like, and whether it may be believed."""
    said = []
    overlap = solution.q_star if solution.branch == "inference" else solution.m
    if solution.branch in {"inference", "retrieval", "unrelated_retrieval"}:
        of = "hidden pattern" if solution.branch == "inference" else "memory or example"
        said.append(f"A state of this branch has {(1 + overlap) / 2:.2%} of its sites as in the {of}.")
    if math.isnan(solution.free_energy):
        said.append("Its free energy per spin diverges with N, and so it wins over every other branch.")
    said.append(
        f"Do not believe it as it is: {solution.advice}."
        if solution.advice
        else "It is stable in this ansatz. Whether it is the likeliest state: densehop phase, with the same options."
    )
    return said


def phase_sentences(winner: "Phase", ranked: Sequence["Solution"]) -> list[str]:
    """Say what a phase means, by how much its state wins, and what to ask next."""
    diverging = [solution.m for solution in ranked if math.isnan(solution.free_energy)]
    if diverging:
        said = [
            "The teacher is ordered: each example is nearly the hidden pattern, so that a few suffice to find it "
            f"(overlap {max(diverging):.4g}). '-': these diverge with N."
        ]
    else:
        said = [f"{winner.value} is {PHASES[winner.value]}.", *_margin(ranked)]
    return [
        *said,
        "Next: densehop solve has all digits of a branch, densehop phase-diagram the plane around this point.",
    ]


def _margin(ranked: Sequence["Solution"]) -> list[str]:
    """Say by how much the first branch wins over the next one; a paramagnet that a spin glass displaces is none."""
    first, *others = ranked
    glassy = any(solution.branch == "spin_glass" for solution in ranked)
    rivals = [solution for solution in others if not (glassy and solution.branch == "paramagnet")]
    if not rivals or first.advice or rivals[0].advice:
        return []
    temperature = first.problem.temperature
    gap = _of_all_states(rivals[0]) - _of_all_states(first)
    names = [NAMES[solution.branch] for solution in (first, rivals[0])]
    if temperature == 0:
        return [f"The energy per spin of {names[0]} is lower than that of {names[1]} by {gap:.3g}."]
    return [f"With N spins {names[0]} is e^({gap / temperature:.3g} N) times as likely as {names[1]}."]


def _of_all_states(solution: "Solution") -> float:
    """Return the free energy per spin of all states of a branch together."""
    return solution.free_energy - solution.problem.temperature * solution.complexity


def line_sentence(kind: str, model: str) -> str:
    """Say what a boundary of a model separates."""
    return f"{kind}: {OTHER_LINES.get(model, {}).get(kind, LINES[kind])}."


def diagram_sentences(shares: Mapping[str, float]) -> list[str]:
    """Say what each phase that a diagram shows means."""
    return [f"{name}, {PHASES[name]}." for name in shares]
