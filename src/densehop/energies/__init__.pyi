"""Energies of the overlaps: strict and power energies as integer tables, rectified and exponential ones as weights."""

from .couplings import Couplings, diluted_couplings, gaussian_couplings, pattern_couplings, tensor_couplings
from .tables import EnergyTable, overlap_table, power_table, strict_table

__all__ = [
    "Couplings",
    "EnergyTable",
    "diluted_couplings",
    "gaussian_couplings",
    "overlap_table",
    "pattern_couplings",
    "power_table",
    "strict_table",
    "tensor_couplings",
]
