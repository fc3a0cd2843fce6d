"""Energies by the names that `PBodyHopfield` gives them."""

from densehop.base import checks
from densehop.energies.tables import EnergyTable, power_table, strict_table
from densehop.energies.weights import WeightTable, exponential_weights, rectified_weights
from densehop.errors import InvalidInput

INTERACTIONS = ("strict", "power", "rectified", "exponential")


def table_of(interaction: str, p: int | None, sharpness: float | None, n_spins: int) -> EnergyTable | WeightTable:
    """Return the table of an interaction; refuse parameters it does not have."""
    checks.choice("interaction", interaction, INTERACTIONS)
    checks.integer("the number of spins", n_spins, 2, checks.LARGEST_SIZE)
    if interaction == "exponential":
        if p is not None:
            raise InvalidInput(f"interaction='exponential' has a sharpness, not a p, got p = {checks.shown(p)}")
        return exponential_weights(1.0 if sharpness is None else sharpness, n_spins)
    if sharpness is not None:
        raise InvalidInput(f"sharpness is for interaction='exponential'; '{interaction}' has none")
    bodies = checks.body_number(p, None if interaction == "rectified" else n_spins)
    if interaction == "rectified":
        return rectified_weights(bodies, n_spins)
    return strict_table(bodies, n_spins) if interaction == "strict" else power_table(bodies, n_spins)
