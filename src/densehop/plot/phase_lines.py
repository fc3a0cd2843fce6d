"""The boundaries that each model has, and how they look in a phase diagram.

Where they are drawn is in the dataset (`theory.diagrams.line_marks`).
"""

from typing import NamedTuple

from densehop.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE

DASHED, DOTTED, SPARSE, DASH_DOT = (4, 1.8), (1, 1.4), (3, 1.5), (6, 1.6, 1, 1.6)  # in units of the line's width


class Line(NamedTuple):
    """How a kind of boundary looks."""

    label: str
    colour: str
    dashes: tuple[float, ...] | None
    width: float = 1.5


SYMMETRIC_WIDTH = 0.7  # of the lines of replica symmetry beside those of 1RSB
GLASS_LINES = {
    "glass_static": Line("spin glass (static)", PURPLE, None),
    "glass_dynamic": Line("P freezes (dynamic)", PURPLE, DASHED, 1.0),
    "glass_gardner": Line("SG: Gardner", PURPLE, DOTTED),
}
ZERO_ENTROPY = Line("P: zero entropy", GREY, SPARSE, 1.0)
DIRECT_LINES = {
    "retrieval_spinodal": Line("lR: spinodal", ORANGE, DASHED),
    "retrieval_global": Line("gR: transition", BLUE, None),
    "retrieval_stability": Line("retrieval: AT", BLUE, DOTTED),
    **GLASS_LINES,
    "zero_entropy": ZERO_ENTROPY,
}
INFERENCE_LINES = {
    "inference_spinodal": DIRECT_LINES["retrieval_spinodal"],
    "inference_global": DIRECT_LINES["retrieval_global"],
    "inference_stability": Line("inference: AT", BLUE, DOTTED),
    "spectral": Line("gR: easy at N = {n_spins}", BLUE, DASH_DOT),
}
TEACHER_LINES = {
    **INFERENCE_LINES,
    "retrieval_global": Line("eR: transition", GREEN, None),
    "inference_or_retrieval": Line("eR against gR", GREEN, DASH_DOT),
    "retrieval_stability": Line("eR: AT", GREEN, DOTTED),
    **GLASS_LINES,
}
EXPONENTIAL_EXAMPLE_LINES = {
    "inference_or_retrieval": Line("eR against gR", GREEN, None),
    "retrieval_spinodal": Line("examples: spinodal", ORANGE, DASHED),
    "inference_spinodal": Line("pattern: spinodal", BLUE, DASHED),
    "inference_global": TEACHER_LINES["inference_global"],
    "retrieval_global": TEACHER_LINES["retrieval_global"],
}
ARCHETYPE_LINES = {
    "inference_spinodal": INFERENCE_LINES["inference_spinodal"],
    "inference_global": INFERENCE_LINES["inference_global"],
    "retrieval_global": TEACHER_LINES["retrieval_global"],
    "inference_or_retrieval": TEACHER_LINES["inference_or_retrieval"],
    "retrieval_spinodal": Line("copies: spinodal", GREEN, DASHED, 1.0),
}
OPTIMAL_LINES = {**INFERENCE_LINES, "zero_entropy": ZERO_ENTROPY}


def lines_of(model: str) -> dict[str, Line]:
    """Return the kinds of boundaries that a model has, and how they look."""
    special = {
        **{"direct": DIRECT_LINES, "nishimori": OPTIMAL_LINES, "exponential": DIRECT_LINES, "rectified": DIRECT_LINES},
        **{"exponential_examples": EXPONENTIAL_EXAMPLE_LINES, "exponential_archetypes": ARCHETYPE_LINES},
    }
    return special.get(model, TEACHER_LINES)
