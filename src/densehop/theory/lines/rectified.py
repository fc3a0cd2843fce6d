"""Lines of rectified polynomials of degree n = c N in the plane (load A, T) (docs/theory.md, eq. 133 and 134)."""

import math

from densehop.errors import NoSolution
from densehop.theory.lines.line_forms import Curve, Line, Settings
from densehop.theory.models.exponential.rectified import storage_limit
from densehop.theory.states.estimate import Estimate

ROUNDING = 1e-15
BELOW = 1e-9  # the storage limit, relative: the largest load of a diagram


def largest_load(settings: Settings) -> float:
    """Return a load just below the storage limit, beyond which energies grow with a power of e^N."""
    return storage_limit(settings["degree"]) * (1 - BELOW)


def _storage(settings: Settings, temperature: float) -> Estimate:
    """Return the load up to which a memory outweighs all others together, the same at every temperature."""
    del temperature
    return Estimate(storage_limit(settings["degree"]), ROUNDING * (1 + settings["degree"]))


def _all_memories_win(settings: Settings, temperature: float) -> Estimate:
    """Return the load from which on all memories together win over the paramagnet: A + 1/T = log 2."""
    coldest, hottest = _span(settings)
    if temperature < coldest:
        raise NoSolution(f"below T = {coldest:.10g} memories win at every load, however few there are")
    if temperature > hottest:
        raise NoSolution(f"above T = {hottest:.10g} memories win at no load at which they are kept")
    return Estimate(max(0.0, math.log(2) - 1 / temperature), ROUNDING)


def _span(settings: Settings) -> tuple[float, float]:
    """Return the temperatures between which the transition lies at loads from 0 to the storage limit."""
    rest = math.log(2) - storage_limit(settings["degree"])
    return 1 / math.log(2), 1 / rest if rest > 0 else math.inf


LINES: dict[str, Line] = {
    "retrieval_spinodal": Curve(_storage),
    "retrieval_global": Curve(_all_memories_win, _span),
}
