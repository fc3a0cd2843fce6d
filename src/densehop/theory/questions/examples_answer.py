"""The answer of `examples_needed`, and the same in words."""

import math
from dataclasses import dataclass

from densehop.teacher import law
from densehop.theory.diagrams.phases import Phase
from densehop.theory.models import nishimori

FAR = 2.0  # ratio of the signal at N to its limit beyond which the limit N -> infinity does not describe this N


@dataclass(frozen=True)
class ExamplesNeeded:
    """How many examples a student needs to infer the teacher's pattern to an overlap (docs/theory.md, eq. 54 to 57).

    Attributes
    ----------
    n_spins, p, temperature, overlap
        The question.
    n_examples : int
        Fewest examples with which a student that starts near the pattern stays at that overlap.
    load, phase, overlap_reached
        Their alpha = M p!/N^(p-1), or log(M)/N where the energy is exponential, the phase there, and the overlap q*
        there (larger than `overlap` if q* jumps).
    n_examples_global : int
        Fewest examples with which that state is the thermodynamic one, so that the Bayes-optimal student has it.
    load_global, overlap_global
        Their load and overlap.
    needs_hint : bool
        Whether local dynamics from a random start fails to find the state even then (p >= 3, disordered teacher).
    signal_ratio : float
        The exact lambda_N over its limit N -> infinity; far from 1, the numbers above do not describe this N. It is nan
        where it is not defined (ordered teacher, exponential energy) or too expensive to compute.
    n_examples_easy : float
        From how many examples on that state is also found from nothing: for p >= 3 by message passing from an
        eigenvector of the unfolded couplings (eq. 120), else by a random start. inf beyond 1e308; nan where an
        exponential energy needs a hint, since no such threshold of it is known.
    sharpness, reliability, unrelated_load : float, optional
        Those of an exponential energy, its examples, and the memories beside them; then p is None.
    explanation : str
        The answer in words.
    """

    n_spins: int
    p: int | None
    temperature: float
    overlap: float
    n_examples: int
    load: float
    phase: Phase
    overlap_reached: float
    n_examples_global: int
    load_global: float
    overlap_global: float
    needs_hint: bool
    signal_ratio: float
    n_examples_easy: float
    sharpness: float | None = None
    reliability: float | None = None
    unrelated_load: float | None = None

    @property
    def explanation(self) -> str:
        """The answer in words, with what a finite N changes."""
        if self.p is None:
            return _explain_exponential(self)
        if self.phase is Phase.EXAMPLE_RETRIEVAL:
            return _explain_ordered(self)
        words = _explain_pairwise(self) if self.p == 2 else _explain_many_body(self)
        return words + _explain_finite_size(self, self.p)


def _shown(n_examples: int) -> str:
    """Return a number with thousands separated, or in powers of ten if it is very long."""
    return f"{n_examples:,}" if n_examples < 10**15 else f"{float(n_examples):.6g}"


def _format_count(n_examples: int) -> str:
    """Return a number with the noun `example`."""
    return "1 example" if n_examples == 1 else f"{_shown(n_examples)} examples"


def _explain_ordered(answer: ExamplesNeeded) -> str:
    """Explain the answer for an ordered teacher, T < T_crit."""
    several = f"{_format_count(answer.n_examples)} {'is' if answer.n_examples == 1 else 'are'}"
    sign = "" if answer.p is None or answer.p % 2 else ", up to a global sign"
    return (
        f"T = {answer.temperature:.9g} is below the teacher's T_crit: each example is a noisy copy of the pattern, and "
        f"{several} enough for an overlap of {answer.overlap_reached:.4f}{sign}. Start the student at an example."
    )


def _explain_many_body(answer: ExamplesNeeded) -> str:
    """Explain the answer for a disordered teacher at p >= 3, where the overlap appears in a jump."""
    words = f"From {_format_count(answer.n_examples)} on (load {answer.load:.5g}) "
    jump = ""
    if answer.overlap_reached > answer.overlap + 1e-3:
        jump = f"The overlap cannot be smaller than that: it jumps there, beyond the {answer.overlap:g} asked for. "
    if answer.phase is Phase.LOCAL_RETRIEVAL:
        words += (
            f"a state of overlap {answer.overlap_reached:.4f} exists, but the paramagnet wins: it needs a hint, a "
            f"start near the pattern. {jump}From {_format_count(answer.n_examples_global)} on (load "
            f"{answer.load_global:.5g}) such a state, of overlap {answer.overlap_global:.4f}, is favoured. "
        )
    else:
        words += f"the state of overlap {answer.overlap_reached:.4f} is the favoured one. {jump}"
    return words + (
        "A random start does not find it by local moves at any finite load, because the paramagnet stays metastable; "
        f"{_explain_easy(answer.n_examples_easy)}."
    )


def _explain_easy(n_examples: float) -> str:
    """Say from when on an eigenvector shows the way."""
    if n_examples == math.inf:
        return "no number of examples below 1e308 lets an eigenvector point at it"
    return f"message passing from an eigenvector does from {_format_count(int(n_examples))} on"


def _explain_pairwise(answer: ExamplesNeeded) -> str:
    """Explain the answer for a disordered teacher at p = 2, where the overlap grows continuously."""
    return (
        f"From {_format_count(answer.n_examples)} on (M/N = {answer.load / 2:.5g}) the overlap is "
        f"{answer.overlap_reached:.4f}, up to a global sign. It grows continuously from 0 at "
        f"M/N = {nishimori.pairwise_critical_load(answer.temperature):.5g}, and a random start finds it."
    )


def _explain_finite_size(answer: ExamplesNeeded, p: int) -> str:
    """Say where the answer, of infinite N, differs from what holds at this N; empty where it does not."""
    words = ""
    if abs(answer.signal_ratio - 1) > 0.1:
        near = 1 / FAR < answer.signal_ratio < FAR
        verdict = "take these numbers as a guide" if near else "they do not describe this N; choose a larger T"
        words = (
            f" At N = {answer.n_spins} the exact signal is {answer.signal_ratio:.3g} times the N -> infinity value "
            f"used here: {verdict}."
        )
    spinodal = law.critical_temperature(p).spinodal_temperature
    if answer.temperature < spinodal:
        words += (
            f" The teacher's ordered state is metastable up to T = {spinodal:.4f}: at small N a few ordered examples "
            "dominate."
        )
    return words


def _explain_exponential(answer: ExamplesNeeded) -> str:
    """Explain the answer for an exponential energy, whose examples act as a field that does not grow with them."""
    alone = answer.unrelated_load is None
    rivals = "single examples" if alone else "others"
    words = "" if alone else f"Beside exp({answer.unrelated_load:.5g} N) unrelated memories: "
    if answer.n_examples < answer.n_examples_global:
        words += (
            f"From {_format_count(answer.n_examples)} on (log(M)/N = {answer.load:.5g}) a student that starts near the "
            f"pattern stays there, with the overlap {answer.overlap_reached:.4f}, but {rivals} win. "
        )
    words += (
        f"From {_format_count(answer.n_examples_global)} on (log(M)/N = {answer.load_global:.5g}) the state of overlap "
        f"{answer.overlap_global:.4f} is the favoured one; more examples do not raise it. "
    )
    drawn = f"A random start is drawn to its closest examples{'' if alone else ' or memories'}: give a hint. "
    words += drawn if answer.needs_hint else "A random start finds it. "
    return words + f"At N = {answer.n_spins} these are leading orders: theory knows only the exponents log(M)/N."
