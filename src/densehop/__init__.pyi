"""densehop: dense Hopfield networks, exact theory and fast Monte Carlo."""

from .energy import EnergyTable, strict_table
from .errors import DensehopError, InvalidInput, NoSolution, OutOfRange
from .network import PBodyHopfield
from .problem import TeacherStudent, load_of, n_examples_for
from .simulate.observables import (
    Equilibration,
    Estimate,
    autocorrelation_time,
    disorder_estimate,
    equilibration,
)
from .simulate.sample import Samples
from .teacher import (
    CriticalPoint,
    TeacherLaw,
    critical_temperature,
    draw_examples,
    magnetisation,
    noise_ratio,
    signal_strength,
    teacher_law,
)
from .theory.finite_size import finite_size_overlap
from .theory.nishimori import NishimoriLines, nishimori_lines
from .theory.phases import Phase, phase
from .theory.saddle_point import solve
from .theory.solution import Solution
from .version import __version__

__all__ = [
    "CriticalPoint",
    "DensehopError",
    "EnergyTable",
    "Equilibration",
    "Estimate",
    "InvalidInput",
    "NishimoriLines",
    "NoSolution",
    "OutOfRange",
    "PBodyHopfield",
    "Phase",
    "Samples",
    "Solution",
    "TeacherLaw",
    "TeacherStudent",
    "__version__",
    "autocorrelation_time",
    "critical_temperature",
    "disorder_estimate",
    "draw_examples",
    "equilibration",
    "finite_size_overlap",
    "load_of",
    "magnetisation",
    "n_examples_for",
    "nishimori_lines",
    "noise_ratio",
    "phase",
    "signal_strength",
    "solve",
    "strict_table",
    "teacher_law",
]
