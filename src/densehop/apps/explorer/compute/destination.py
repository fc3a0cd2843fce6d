"""Where chains have gone that are no longer in the pattern's state: to the state whose energy they have."""

import math

from densehop.apps.explorer.compute.point import Point

ALONE = 0.2  # of an energy, how far it is taken to be from one that does not exist
N_ERRORS = 4  # that two energies must be apart
NEAR = 0.25  # of the difference between two energies: a mean that is so near to one of them belongs to it
STATES = {
    "retrieval": "the state next to a single example: the chains have left the pattern for a prototype",
    "spin_glass": "the spin glass: the chains have left the pattern and are stuck elsewhere",
    "paramagnet": "the paramagnet: the chains have lost the pattern",
}


def destination(point: Point, mean_energy: float, error: float, lost: bool) -> str:
    """Say in whose energy the chains are, if it is another state's than the pattern's; else an empty string.

    `lost` tells whether their overlap is not that of the pattern's state.
    """
    ordered = "inference" if point.plane.has_teacher else "retrieval"
    energies = {one.branch: one.energy for one in reversed(point.phase_and_branches()[1])}  # of two alike the likelier
    others = {name: energy for name, energy in energies.items() if name != ordered and math.isfinite(energy)}
    if not others or not math.isfinite(mean_energy):
        return ""
    nearest = min(others, key=lambda name: abs(others[name] - mean_energy))
    apart = abs(energies[ordered] - others[nearest]) if ordered in energies else ALONE * abs(others[nearest])
    if apart <= N_ERRORS * error:
        return ""
    if abs(mean_energy - others[nearest]) <= NEAR * apart:
        return f"The energy is that of {STATES[nearest]}."
    at_ordered = ordered in energies and abs(mean_energy - energies[ordered]) <= NEAR * apart
    if lost and at_ordered and not point.plane.has_teacher:
        return "The energy is a memory's: the chains are at other memories than the first one."
    return ""
