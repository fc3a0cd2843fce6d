"""Figures from results, one file for each kind of figure; nothing is computed here."""

from .images import memory_grid, overwrite_curve, restored_rows, robustness_curves, student_rows
from .phase_diagrams import phase_diagram

__all__ = [
    "memory_grid",
    "overwrite_curve",
    "phase_diagram",
    "restored_rows",
    "robustness_curves",
    "student_rows",
]
