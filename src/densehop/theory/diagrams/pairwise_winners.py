"""Who wins at each point of the plane of two-body memories: whole arrays, and point by point near every border.

Where the arrays cannot be sure to say what `phases.candidates` says, it is asked: close to T_g, to a spinodal, to a
transition or to where a state becomes unstable, and for 1RSB states with an overlap.
"""

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Mask
from densehop.base.progress import Progress
from densehop.theory.diagrams.phases import Phase
from densehop.theory.diagrams.winners import CODES, Values, empty, enter_point
from densehop.theory.lines.planes import Plane
from densehop.theory.models.pairwise import arrays, glass_table, limits
from densehop.theory.models.pairwise.arrays import ArrayStates
from densehop.theory.models.pairwise.model import FURTHEST

Indices = npt.NDArray[np.intp]
FEW = 300  # points with a glass up to which an interpolant would cost more than they do
DOUBT = 1e-8  # of free energies and replicons: what is closer is left to `candidates`; arrays err by less than 1e-10


def by_table(where: Plane, x: Floats, t: Floats, ansatz: str, progress: Progress) -> Values:
    """Return the winner at each load x and temperature t of the direct model with p = 2."""
    load, temperature = (grid.ravel() for grid in np.meshgrid(x, t))
    values = empty((load.size,))
    onset = 2 * (1 + np.sqrt(load / 2))
    alone = ~_enter_paramagnet(values, load, temperature, onset)
    glassy = np.flatnonzero(_in_table(load, temperature, onset))
    if glassy.size > FEW:
        alone[glassy] = ~_enter_ordered(values, glassy, load, temperature, ansatz)
    result = {name: array.reshape(t.size, x.size) for name, array in values.items()}
    for row, columns in enumerate(alone.reshape(t.size, x.size)):
        for column in np.flatnonzero(columns):
            enter_point(where, result, (row, int(column)), (float(x[column]), float(t[row])), ansatz)
        progress.advance()
    return result


def _enter_paramagnet(values: Values, load: Floats, temperature: Floats, onset: Floats) -> Mask:
    """Enter the paramagnet above T_g, and say where."""
    above = (load > 0) & (temperature > onset * (1 + DOUBT))
    found = arrays.paramagnet(load[above], temperature[above])
    values["phase"][above] = CODES[Phase.PARAMAGNETIC]
    _enter(values, np.flatnonzero(above), found, temperature)
    values["rs_exact"][above] = True
    return above


def _in_table(load: Floats, temperature: Floats, onset: Floats) -> Mask:
    """Whether the glass at each point is one that is interpolated."""
    covered = (load >= glass_table.LEAST_LOAD) & (load <= glass_table.LARGEST_LOAD)
    result: Mask = covered & (temperature <= glass_table.HIGHEST * onset)
    return result


def _enter_ordered(values: Values, chosen: Indices, load: Floats, temperature: Floats, ansatz: str) -> Mask:
    """Enter the glass or retrieval at the chosen points, and say at which of them that is sure."""
    nu, tau = load[chosen], temperature[chosen]
    table = glass_table.glass_table(float(nu.min()), float(nu.max()))
    if table is None:
        return np.zeros(chosen.size, dtype=bool)
    glass, (found, sure) = table.at(nu, tau), arrays.retrieval(nu, tau)
    exists = np.isfinite(found.overlap)
    rival, ours = (state.energy - np.where(tau > 0, tau, 0.0) * state.entropy for state in (glass, found))
    with np.errstate(invalid="ignore"):
        sure &= ~(np.abs(ours - rival) < DOUBT * np.abs(rival)) & ~(np.abs(found.replicon) < DOUBT)
        wins, unstable = ours < rival, found.replicon < 0
    if ansatz == "1rsb":
        sure &= ~((~exists | unstable) & (tau < limits.highest_instability() * (1 + DOUBT)) & (nu < FURTHEST))
    values["phase"][chosen] = np.where(exists, CODES[Phase.LOCAL_RETRIEVAL], CODES[Phase.SPIN_GLASS])
    _enter(values, chosen, ArrayStates(np.zeros_like(nu), glass.square, *glass[2:]), temperature)
    values["parisi"][chosen] = glass.parisi
    won = chosen[wins]
    values["phase"][won], values["parisi"][won] = CODES[Phase.GLOBAL_RETRIEVAL], 0.0
    _enter(values, won, ArrayStates(*(field[wins] for field in found)), temperature)
    values["rs_exact"][won] = ~unstable[wins]
    values["rs_unstable"][chosen] = exists & unstable
    values["retrieval_overlap"][chosen] = found.overlap
    return sure


def _enter(values: Values, chosen: Indices, found: ArrayStates, temperature: Floats) -> None:
    """Enter the numbers of the winners at the chosen points."""
    values["m"][chosen], values["q"][chosen] = found.overlap, found.square
    values["energy"][chosen], values["entropy"][chosen] = found.energy, found.entropy
    values["replicon"][chosen] = found.replicon
    values["free_energy"][chosen] = found.energy - temperature[chosen] * found.entropy
