"""What a network would do at a point, in plain words, and the table of the branches that exist there."""

import math

from densehop.apps.explorer.compute import exponential_size
from densehop.apps.explorer.compute.destination import destination
from densehop.apps.explorer.compute.phase_plane import TWO_BODY_TEACHER, min_teacher_temperature
from densehop.apps.explorer.compute.point import Levels, Point
from densehop.apps.explorer.compute.simulation import MAX_SWEEPS, Simulation
from densehop.diagnostics.verdicts import Equilibration
from densehop.teacher.law import critical_temperature
from densehop.theory.diagrams.phases import Phase
from densehop.theory.states.solution import Solution

PHASE_NAMES = {
    Phase.PARAMAGNETIC: "paramagnet",
    Phase.SPIN_GLASS: "spin glass",
    Phase.LOCAL_RETRIEVAL: "local retrieval",
    Phase.GLOBAL_RETRIEVAL: "global retrieval",
    Phase.EXAMPLE_RETRIEVAL: "example retrieval",
}
COLUMNS = ("branch", "ansatz", "m", "q", "q*", "free entropy", "entropy", "stable")
SYMBOLS = {  # what the page's symbols mean
    "P": "paramagnet: the state is random and resembles no pattern",
    "SG": "spin glass: the state is frozen, and resembles no pattern",
    "lR": "local retrieval: the pattern's state is metastable, kept by who starts near it, not found from elsewhere",
    "gR": "global retrieval: the pattern's state is the likeliest of all",
    "eR": "example retrieval: the student keeps single examples, as prototypes, not what they have in common",
    "α": "load, the number M of memories or examples over N^(p-1)/p!; at p = 2 that is 2M/N",
    "A, B, L, r": "of exponential energies: the loads log(M)/N of M memories and log(K)/N of K archetypes, the "
    "sharpness, and the reliability of examples, each site of which equals the pattern's with probability (1 + r)/2",
    "m": "overlap of the state with a memory or an example, from -1 to 1: a share (1 + m)/2 of the sites is right",
    "q": "overlap of two independent states of the same network",
    "q*": "overlap of the student's state with the hidden pattern, the feature that all examples share",
    "ansatz": "what the theory assumes: rs, one state of each kind (replica symmetry), or 1rsb, many (one step of its "
    "breaking), which is better where rs is unstable",
    "free entropy": "minus the free energy over T, per spin: the state that has the largest is the likeliest",
    "stable": "whether the theory's assumption holds for this state",
    "T, T*": "temperature of the network (the student), and of the teacher that drew the examples",
}
MODEL_SENTENCES = {  # what each model asks
    "direct": "M random memories are stored (the direct model). Is one of them kept?",
    "nishimori": "A teacher hides a pattern and shows noisy examples. A student who knows how noisy infers it "
    "(Nishimori line).",
    "fixed_teacher": "The same teacher at a temperature T* of its own: the student at T does not know it.",
    "finite_noise": "The teacher has two-body energy, and the student few examples: one feature, or single prototypes?",
    "large_noise": "The teacher has two-body energy and is hot; the student has many examples.",
    "exponential": "The sharpest energies keep exp(A N) memories. Is one of them kept?",
    "exponential_examples": "The same energies, with exp(A N) noisy examples of one pattern: feature, or prototypes?",
    "exponential_archetypes": "The same with exp(B N) patterns, exp(c N) noisy copies each: which are kept?",
    "rectified": "Rectified polynomials whose degree n = c N grows with N keep exp(A N) memories.",
}
CLEAR_OVERLAP = 0.3  # an overlap that no random state of 64 or more spins has
MAX_NOISE_RATIO = 1.2  # above this rho_N, simulations visibly leave the theory (docs/theory.md, eq. 12 and 19)
SAME = 5e-5  # a difference that the digits of the page do not show
SUGGESTED_N = (64, 128, 192, 256, 512, 1024)


def hero(point: Point, phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Return, as HTML, the phase, what it means, and the order parameters of the likeliest state with their meaning."""
    ordered = point.ordered_state()[0]
    symbol = "q*" if point.plane.has_teacher else "m"
    values = {symbol: ordered, "q": ranked[0].q if ranked else math.nan}
    boxes = "".join(
        f'<div><dt><abbr title="{SYMBOLS[name]}" tabindex="0">{name}</abbr></dt>'
        f"<dd>{'none' if math.isnan(value) else f'{value:.3f}'}</dd></div>"
        for name, value in values.items()
    )
    return (
        f"<h2 class='hero'>{PHASE_NAMES[phase].capitalize()}</h2><h3>{heading(point, phase)}</h3>"
        f"<p class='sentence'>{sentence(point, phase, ranked)}</p><dl class='order'>{boxes}</dl>"
    )


def heading(point: Point, phase: Phase) -> str:
    """Return the point and its phase."""
    symbol = point.plane.coordinate_symbol
    return f"{symbol} = {point.coordinate:.4g}, T = {point.temperature:.4g}: {PHASE_NAMES[phase]} ({phase.value})"


def branch_table(ranked: tuple[Solution, ...], with_pattern: bool = True) -> str:
    """Return the branches as a table in HTML; without a hidden pattern there is no column of q*."""
    shown = [place for place, name in enumerate(COLUMNS) if with_pattern or name != "q*"]
    head = "".join(f'<th title="{SYMBOLS.get(COLUMNS[place], "")}">{COLUMNS[place]}</th>' for place in shown)
    rows = "".join(
        "<tr>" + "".join(f"<td>{row[place]}</td>" for place in shown) + "</tr>" for row in branch_rows(ranked)
    )
    return f"<div class='wide' tabindex='0'><table class='branches'><tr>{head}</tr>{rows}</table></div>"


def branch_rows(ranked: tuple[Solution, ...]) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` for each branch, the most probable one first."""
    return [
        (
            one.branch.replace("_", " "),
            one.ansatz,
            *(number(value, 4) for value in (one.m, one.q, one.q_star, one.free_entropy, one.entropy)),
            "no" if one.advice else "yes",
        )
        for one in ranked
    ]


def number(value: float, digits: int = 6) -> str:
    """Return a number as the page shows it: "-" where it is undefined, "∞" where it diverges."""
    if math.isnan(value):
        return "-"
    return f"{value:.{digits}f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")


def sentence(point: Point, phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Return in plain words what a network would do here."""
    if point.plane.model == "nishimori" and phase is Phase.EXAMPLE_RETRIEVAL:
        m = number(max(one.m for one in ranked))
        return f"The teacher is ordered: each example is nearly the pattern (overlap {m}), a few suffice to find it."
    text = (_teacher_student_sentence if point.plane.has_teacher else _direct_sentence)(phase, ranked)
    if point.plane.p == 2:
        text += f" At p = 2 the load α is 2M/N, twice the textbooks' ratio: here M = {point.coordinate / 2:.4g} N."
    if point.plane.exponential:
        stored = "archetypes" if point.plane.copies_load is not None else "examples"
        text += f" There are exp({point.coordinate:.4g} N) {stored if point.plane.has_teacher else 'memories'}."
    advice = ranked[0].advice if ranked else ""
    return f"{text} The theory itself warns: {advice.replace('_', ' ')}." if advice else text


def equilibration(verdict: Equilibration | None) -> str:
    """Return the verdict in words; where it asks for more sweeps than a page allows, say where to run them."""
    if verdict is None:
        return "too short to judge"
    if verdict.more_sweeps > MAX_SWEEPS:
        return f"{verdict.reason}, more than the {MAX_SWEEPS:,} of this page: use its Python code"
    return verdict.reason


def comparison(n_spins: int, mean: float, error: float, theory: float, theory_at_size: float) -> str:
    """Say how a simulated overlap compares with the theory for N where there is one, else for N -> infinity."""
    if not math.isfinite(theory):
        if abs(mean) < CLEAR_OVERLAP:
            return "The theory has no state at the pattern here, and the simulation does not stay there."
        return (
            f"The theory for N → ∞ has no state at the pattern here. At N = {n_spins} chains can still stay near it: "
            "close to the boundary small networks keep a pattern that larger ones lose. Try a larger N."
        )
    name, reference = ("at this N", theory_at_size) if math.isfinite(theory_at_size) else ("for N → ∞", theory)
    distance = abs(mean - reference)
    if distance < SAME:
        return f"It equals the theory {name} to four digits."
    if not error > 0:
        return f"It differs by {distance:.4f} from the theory {name}; nothing moved, so that there is no error bar."
    if distance <= 2 * error:
        return f"It agrees with the theory {name} within two standard errors."
    return f"It differs by {distance / error:.1f} standard errors, or {distance:.4f}, from the theory {name}."


def result(simulation: Simulation, theory: Levels) -> str:
    """Say what a simulation has given so far, beside what the theory expects."""
    n_spins, (mean, error) = simulation.request.n_spins, simulation.mean_overlap()
    energy, reference = simulation.mean_energy(), theory.overlap_at_size
    reference = reference if math.isfinite(reference) else theory.overlap
    lost = not abs(mean - reference) <= 3 * error
    went = destination(simulation.request.point, *energy, lost) if simulation.finished else ""
    at_size = f", at this N {number(theory.overlap_at_size)}" if math.isfinite(theory.overlap_at_size) else ""
    return (
        f"<b>{simulation.n_sweeps} sweeps</b>: overlap {mean:.4f} ± {error:.4f} (theory {number(theory.overlap)}"
        f"{at_size}); {equilibration(simulation.verdict())}. "
        f"{comparison(n_spins, mean, error, theory.overlap, theory.overlap_at_size)} "
        f"{energy_comparison(n_spins, *energy, theory)} {went}"
    )


def energy_comparison(n_spins: int, mean: float, error: float, theory: Levels) -> str:
    """Say how a simulated energy compares with the exact one at N where that is known, else with N -> infinity."""
    said = f"The energy per spin is {mean:.4f} ± {error:.4f}"
    if math.isfinite(theory.energy_at_size):
        exact = f"exactly {theory.energy_at_size:.4f} on average over examples at N = {n_spins}"
        return f"{said}; it is {exact}, and {theory.energy:.4f} for N → ∞."
    if not math.isfinite(theory.energy):
        return f"{said}."
    distance = abs(mean - theory.energy)
    near = f"{distance / error:.1f} standard errors" if error > 0 else f"{distance:.4f}"
    return (
        f"{said}, {near} from the theory's {theory.energy:.4f} for N → ∞; at finite N its exact value is known on the "
        "Nishimori line only."
    )


def small_size_warning(point: Point, n_spins: int) -> str:
    """Say why a network of this N leaves the theory of N -> infinity visibly; an empty string where it does not."""
    if point.plane.exponential:
        return exponential_size.explanation(point, n_spins)
    p = point.plane.p
    if p is None or n_spins < p or not point.temperature > 0:
        return ""
    teacher_temperature = point.teacher_temperature(n_spins)
    ratio = point.noise_ratio(n_spins)
    if teacher_temperature is None or ratio < MAX_NOISE_RATIO:
        return ""
    if teacher_temperature < min_teacher_temperature(point.plane.model, p):
        return ""
    enough = next((n for n in SUGGESTED_N if n > n_spins and point.noise_ratio(n) < MAX_NOISE_RATIO), None)
    larger = f"N = {enough} or more" if enough else f"an N beyond {SUGGESTED_N[-1]}"
    if point.plane.model in TWO_BODY_TEACHER:
        reason, remedy = "the examples of a two-body teacher are more alike than in the theory of N → ∞", "a higher T"
    else:
        critical = critical_temperature(point.teacher_p).temperature
        reason = (
            f"the teacher's T* = {teacher_temperature:.3g} is near T_crit = {critical:.3f}, and a few ordered "
            "examples, which are nearly the pattern itself, dominate all others"
        )
        remedy = (
            "a hotter teacher" if point.plane.model == "fixed_teacher" else "a higher T, where the teacher is hotter"
        )
    return (
        f"At N = {n_spins} {reason}: the noise is {ratio:.3g} times that of the theory, so that overlaps and energies "
        f"leave its lines. To meet them take {larger}, or {remedy}."
    )


def _direct_sentence(phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Describe a phase of the direct model."""
    correct = _correct_sites(ranked, "retrieval", "m")
    if phase is Phase.GLOBAL_RETRIEVAL:
        return f"The network keeps its memories: started near one it stays there, with {correct} of its sites right."
    if phase is Phase.LOCAL_RETRIEVAL:
        return (
            f"Memories are metastable: started near one the network stays there for long, with {correct} of its sites "
            "right, but other states are more likely."
        )
    if phase is Phase.SPIN_GLASS:
        return "There are too many memories: the network freezes in one of many states that resemble none of them."
    return "The temperature is too high: the network wanders through all states and remembers nothing."


def _teacher_student_sentence(phase: Phase, ranked: tuple[Solution, ...]) -> str:
    """Describe a phase of the teacher-student problem."""
    correct = _correct_sites(ranked, "inference", "q_star")
    if phase is Phase.GLOBAL_RETRIEVAL:
        return (
            f"The student learns the feature: its likeliest state has {correct} of the hidden pattern's sites right, "
            "although no single example looks like it."
        )
    if phase is Phase.LOCAL_RETRIEVAL:
        return (
            f"The student could know the pattern: started near it, the student keeps {correct} of its sites right. "
            "But from a random start it does not find the pattern, since states without any overlap are more likely."
        )
    if phase is Phase.EXAMPLE_RETRIEVAL:
        m = next((one.m for one in ranked if one.branch in {"retrieval", "inference"}), math.nan)
        return f"The student remembers examples as prototypes (overlap {number(m)} with one), not a feature of all."
    if phase is Phase.SPIN_GLASS:
        return "The student freezes in one of many states that say nothing about the hidden pattern."
    return (
        "There are too few examples, or they are too noisy: the student's state is random and says nothing about the "
        "hidden pattern."
    )


def _correct_sites(ranked: tuple[Solution, ...], branch: str, name: str) -> str:
    """Return the fraction of sites that agree, (1 + overlap)/2, in per cent."""
    found = [getattr(one, name) for one in ranked if one.branch == branch]
    return f"{(1 + found[0]) / 2:.1%}" if found else "most"
