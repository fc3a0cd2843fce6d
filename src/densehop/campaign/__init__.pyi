"""Grids of simulations on one folder that survive kills, full disks and failing cells."""

from .cluster import DaskWorkers
from .completed import complete
from .dataset import collect
from .engines import LocalWorkers, ThisProcess
from .plan import Attack, Grid, Plan, Problem, Schedule, Start
from .plan_file import plan_of, read_plan
from .runner import Report, run
from .status_report import status

__all__ = [
    "Attack",
    "DaskWorkers",
    "Grid",
    "LocalWorkers",
    "Plan",
    "Problem",
    "Report",
    "Schedule",
    "Start",
    "ThisProcess",
    "collect",
    "complete",
    "plan_of",
    "read_plan",
    "run",
    "status",
]
