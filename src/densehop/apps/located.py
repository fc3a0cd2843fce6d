"""Where memories lie, in sentences, for the command line and for the explorer."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from densehop.learn.holding import Holding
    from densehop.learn.location import Location

HOLDS = 0.95  # share of memories that have to be fixed points
CLOSE = 0.95  # overlap from which a memory counts as come back (learn/survival.py)
ROUNDING = 1e-9  # a share below it is none
MEASURED = 300  # memories whose fields are measured (learn/location.py)


def percent(share: float) -> str:
    """Return a share in per cent, with as many digits as mean something; rounding errors are 0."""
    if math.isnan(share):
        return "-"
    return "0%" if share < ROUNDING else f"{100 * share:.2g}%" if share < 0.1 else f"{100 * share:.0f}%"


def locate_sentences(
    result: "Location", others: "Holding | None" = None, *, to_store: str = "fewer", the_p: str = "p ="
) -> list[str]:
    """Say whether memories hold, why, what theory says, and what to do; `others`: which energies hold them.

    `to_store` and `the_p` name the controls or options for how many are stored and for p.
    """
    energy = result.interaction if result.p is None else f"{result.interaction} energy, p = {result.p}"
    fixed = round(result.fixed_points * result.n_memories)
    said = [f"{result.n_memories} memories of {result.n_sites} sites, {energy}: load {result.load:.3g}."]
    spread = (
        f"pairs overlap by {result.overlap_spread:.2g} (root mean square), "
        f"independent ones by {result.random_spread:.2g}"
    )
    said.append(
        f"They are {'not as independent ones are' if result.correlated else 'as good as independent ones'}: {spread}."
    )
    if result.phase is not None and result.effective_phase is not None:
        names = [phase.name.lower().replace("_", " ") for phase in (result.phase, result.effective_phase)]
        said.append(f"Random memories at this load would be in the phase of {names[0]} (T = {result.temperature:g}).")
        if result.correlated:
            said.append(
                f"The crosstalk of these is that of random ones at load {result.effective_load:.3g}: {names[1]}."
            )
    share = f"at most {MEASURED} of them, measured" if result.n_memories > MEASURED else "measured"
    said.append(f"Fixed points at T = 0 ({share}): {fixed} of {result.n_memories}.")
    if result.fixed_points < HOLDS and result.p is not None:
        said.append(_why_they_do_not_hold(result, result.p))
    if fixed and not math.isnan(result.attack.fails_at):
        theory = "" if math.isnan(result.predicted_eps) else f"; theory for few memories: {result.predicted_eps:.2f}"
        said.append(f"Another memory, written over {result.attack.fails_at:.2f} of the sites, takes over{theory}.")
    room = result.room
    said.append(
        f"After {percent(room.damage)} of the signs are flipped, {percent(room.survival)} of them come back, to an "
        f"overlap of {CLOSE} at least, {percent(room.restored)} with every sign right; "
        f"{'at least ' if room.at_least else ''}{room.n_more} random codes fit besides so that "
        f"{percent(room.wanted)} come back ({percent(room.restored_with_more)} with every sign right). Theory, if all "
        f"were random: {percent(room.predicted_survival)} come back, {percent(room.predicted_restored)} with every "
        f"sign right, and {_count(room.predicted_n_more)} fit besides."
    )
    said.append(
        f"Shannon's limit: these are {room.bits_per_sign:.2g} bits per sign, log2(M)/N; no memory of random codes, "
        f"of any kind, brings half of them back from this damage beyond {room.limit_per_sign:.2g}."
    )
    if result.fixed_points < HOLDS:
        said.append(f"Advice: this energy does not hold them. {_what_holds(others, to_store, the_p)}")
    else:
        said.append("Advice: this energy holds them.")
    return said


def _count(number: int) -> str:
    """Return a number of codes, by its order of magnitude where nobody would read its digits."""
    return str(number) if abs(number) < 10**7 else f"{number:.1e}"


def _why_they_do_not_hold(result: "Location", p: int) -> str:
    """Compare the crosstalk with the load up to which theory retrieves random memories at T = 0."""
    from densehop.theory.lines.retrieval import retrieval_boundary  # noqa: PLC0415 (slow)

    limit = retrieval_boundary(p, 0.0, ansatz="1rsb")
    known = f"random memories are retrieved up to load {limit:.3g} (theory, T = 0, 1RSB)"
    if result.effective_load > limit:
        return f"Why: {known}, and the crosstalk of these is {result.effective_load / limit:.2g} times as large."
    return (
        f"Why: {known}, and the crosstalk of these is less, {result.effective_load / limit:.2g} of that; but a fixed "
        f"point needs all of its {result.n_sites} sites to be stable, so that states near the memories may hold where "
        "these do not."
    )


def _what_holds(others: "Holding | None", to_store: str, the_p: str) -> str:
    """Say which energies hold the memories, as measured."""
    if others is None or (others.p is None and others.sharpness is None):
        return f"Store {to_store}."
    up_to_p = f"The strict energy does from {the_p} {others.p} on"
    strict = "No strict energy up to p = 16 does" if others.p is None else up_to_p
    if others.sharpness is None:
        return f"{strict} (measured)."
    beta = f"{others.sharpness:.2g}"
    return (
        f"{strict}, the exponential energy from a sharpness of {beta} on (measured): in Python "
        f'DenseAssociativeMemory("exponential", beta={beta}); densehop restore uses this energy.'
    )
