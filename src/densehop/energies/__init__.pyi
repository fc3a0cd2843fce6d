"""Energies of the overlaps: strict and power energies as integer tables, rectified and exponential ones as weights."""

from .tables import EnergyTable, overlap_table, power_table, strict_table

__all__ = [
    "EnergyTable",
    "overlap_table",
    "power_table",
    "strict_table",
]
