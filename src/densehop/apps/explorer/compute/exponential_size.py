"""Why small networks of exponential energy leave the theory of N -> infinity: low walls, or few examples."""

import math

from densehop.apps.explorer.compute.point import Point
from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialArchetypes, ExponentialModel, ExponentialTeacherStudent
from densehop.theory.models.exponential import sums
from densehop.theory.questions.basin import basin_overlap

CROSSED = 20.0  # height of a wall, N times that per spin, below which runs of a page have been seen to cross it
FEW = 1000  # examples, below which their mean differs visibly from draw to draw
SIZES = (32, 48, 64, 96, 128, 192, 256, 512, 1024)


def wall(problem: ExponentialModel) -> float:
    """Return the height per spin, in free entropy, of the wall around a memory; inf at T = 0, where nothing climbs it.

    It lies between the state at m = tanh b and the overlap at which all other memories together weigh as much as this
    one, along log 2 - I(m) + b m (docs/theory.md, section 16).

    Raises
    ------
    NoSolution
        If the memory is no state.
    """
    if problem.temperature == 0:
        return math.inf
    beta, top = 1 / problem.temperature, basin_overlap(problem)
    bottom = sums.of_field(beta).overlap
    if top >= bottom:
        raise NoSolution("the other memories outweigh this one at once")
    field = math.atanh(top)
    entropy = sums.spin_entropy(beta) - sums.spin_entropy(field)
    return entropy + beta * (bottom - top)


def explanation(point: Point, n_spins: int) -> str:
    """Say why a network of exponential energy differs from the theory at this N; an empty string where it does not."""
    problem = point.problem
    if isinstance(problem, ExponentialArchetypes):
        return _of_examples(point.n_copies(n_spins), "copies of each archetype", problem.copies_load, n_spins)
    if isinstance(problem, ExponentialTeacherStudent):
        return _of_examples(point.n_examples(n_spins), "examples", point.coordinate, n_spins)
    if not isinstance(problem, ExponentialModel):
        return ""
    try:
        height = wall(problem)
    except NoSolution:
        return ""
    if n_spins * height >= CROSSED:
        return ""
    enough = next((n for n in SIZES if n * height >= CROSSED), None)
    larger = f"take N = {enough} or more, or " if enough else "take "
    return (
        f"At N = {n_spins} there are {point.n_examples(n_spins):,} memories, and the wall around each is only "
        f"{n_spins * height:.1f} high in free entropy ({height:.3f} for each spin): chains cross it during a run, hop "
        "to other memories, and lose their overlap with the first. The theory of N → ∞ has walls that nobody crosses. "
        f"To meet it {larger}a lower T or a smaller load."
    )


def _of_examples(number: int, what: str, load: float, n_spins: int) -> str:
    """Say how few examples of a pattern there are."""
    if number >= FEW or load == 0:
        return ""
    enough = math.ceil(math.log(FEW) / load)
    return (
        f"At N = {n_spins} there are only exp({load:.4g} N) = {number:,} {what}, and their mean differs from draw to "
        f"draw; in the theory of N → ∞ it does not. To meet it take N = {enough} or more."
    )
