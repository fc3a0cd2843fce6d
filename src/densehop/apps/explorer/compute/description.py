"""What a student network would do at a point, in plain words, and the table of its branches."""

import math

from densehop.apps.explorer.compute.phase_plane import TWO_BODY, Point, coldest_teacher
from densehop.teacher.law import critical_temperature
from densehop.theory.diagrams.phases import Phase
from densehop.theory.states.solution import Solution

NAMES = {
    Phase.PARAMAGNETIC: "paramagnet",
    Phase.SPIN_GLASS: "spin glass",
    Phase.LOCAL_RETRIEVAL: "local retrieval",
    Phase.GLOBAL_RETRIEVAL: "global retrieval",
    Phase.EXAMPLE_RETRIEVAL: "example retrieval",
}
COLUMNS = ("branch", "ansatz", "m", "q", "q*", "free entropy", "entropy", "stable")
FAR = 1.2  # of the noise ratio: beyond, simulations visibly leave the theory (docs/theory.md, eq. 19)
LARGER = (64, 128, 192, 256, 512, 1024)


def heading(point: Point, phase: Phase) -> str:
    """Return the point and its phase."""
    name = "a" if point.view.model == "finite_noise" else "α"
    return f"{name} = {point.coordinate:.4g}, T = {point.temperature:.4g}: {NAMES[phase]} ({phase.value})"


def table(ranked: tuple[Solution, ...]) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` for each branch, the winner first."""
    return [
        (
            one.branch.replace("_", " "),
            one.ansatz,
            *(number(value) for value in (one.m, one.q, one.q_star, one.free_entropy, one.entropy)),
            "no" if one.advice else "yes",
        )
        for one in ranked
    ]


def number(value: float) -> str:
    """Format a number for the page; what diverges or is undefined is said."""
    if math.isnan(value):
        return "-"
    return f"{value:.6f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")


def sentence(point: Point, phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Return in plain words what a network would do here."""
    if point.view.model == "nishimori" and phase is Phase.EXAMPLE_RETRIEVAL:
        m = number(max(one.m for one in ranked))
        return f"The teacher is ordered: each example is nearly the pattern (overlap {m}), a few suffice to find it."
    text = (_of_memories if point.view.model == "direct" else _of_student)(phase, ranked)
    doubt = next((one.advice for one in ranked[:1] if one.advice), "")
    return f"{text} Theory's own doubt: {doubt.replace('_', ' ')}." if doubt else text


def of_size(point: Point, n_spins: int) -> str:
    """Return what is to be expected of a simulation at this size, where the teacher's noise is not yet the theory's."""
    if n_spins < point.view.p or not point.temperature > 0:
        return ""
    hot = point.teacher_temperature(n_spins)
    ratio = point.noise_ratio(n_spins)
    if hot is None or ratio < FAR or hot < coldest_teacher(point.view.model, point.view.p):
        return ""
    enough = next((n for n in LARGER if n > n_spins and point.noise_ratio(n) < FAR), None)
    larger = f"N = {enough} or more" if enough else f"an N beyond {LARGER[-1]}"
    if point.view.model in TWO_BODY:
        why, hotter = "the examples of a two-body teacher are more alike than in the theory of N → ∞", "a higher T"
    else:
        why = (
            f"the teacher's T* = {hot:.3g} is near T_crit = {critical_temperature(point.teacher_p).temperature:.3f}, "
            "and a few ordered examples, nearly the pattern itself, dominate all others"
        )
        hotter = (
            "a hotter teacher" if point.view.model == "fixed_teacher" else "a higher T, where the teacher is hotter"
        )
    return (
        f"At N = {n_spins} {why}: the noise is {ratio:.3g} times the theory's, so that overlaps and energies leave its "
        f"lines. To meet them take {larger}, or {hotter}."
    )


def _of_memories(phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Speak of the direct model."""
    right = _share(ranked, "retrieval", "m")
    if phase is Phase.GLOBAL_RETRIEVAL:
        return f"The network keeps its memories: started near one it stays there, with {right} of its sites right."
    if phase is Phase.LOCAL_RETRIEVAL:
        return (
            f"Memories are metastable: started near one the network stays there for long, with {right} of its sites "
            "right, but other states are more likely."
        )
    if phase is Phase.SPIN_GLASS:
        return "Too many memories: the network freezes in one of many states that resemble none of them."
    return "Too much heat: the network wanders through all states and remembers nothing."


def _of_student(phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Speak of the teacher-student problem."""
    right = _share(ranked, "inference", "q_star")
    if phase is Phase.GLOBAL_RETRIEVAL:
        return (
            f"The student learns the feature: its likeliest state has {right} of the hidden pattern's sites right, "
            "although no single example looks like it."
        )
    if phase is Phase.LOCAL_RETRIEVAL:
        return (
            f"The student could know: started near the hidden pattern it keeps {right} of its sites right, but from a "
            "random start it does not find it, since states without any of it are more likely."
        )
    if phase is Phase.EXAMPLE_RETRIEVAL:
        m = next((one.m for one in ranked if one.branch in {"retrieval", "inference"}), math.nan)
        return f"The student remembers examples as prototypes (overlap {number(m)} with one), not a feature of all."
    if phase is Phase.SPIN_GLASS:
        return "The student freezes in one of many states that tell nothing of the hidden pattern."
    return "Too few examples or too much noise: the student's state is random and tells nothing of the hidden pattern."


def _share(ranked: tuple[Solution, ...], branch: str, name: str) -> str:
    """Return the share of sites that agree, (1 + overlap)/2, in per cent."""
    found = [getattr(one, name) for one in ranked if one.branch == branch]
    return f"{(1 + found[0]) / 2:.1%}" if found else "most"
