"""densehop: dense Hopfield networks, exact theory and fast Monte Carlo."""

from .energy import EnergyTable, strict_table
from .errors import DensehopError, InvalidInput, NoSolution, OutOfRange
from .learn.classifier import DenseAssociativeClassifier
from .learn.memory import DenseAssociativeMemory
from .network import PBodyHopfield
from .problem import DirectModel, TeacherStudent, load_of, n_examples_for
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
from .theory.boundaries import Boundary, boundary
from .theory.diagrams import phase_diagram
from .theory.evidence import log_evidence, log_partition_function
from .theory.examples_needed import ExamplesNeeded, examples_needed
from .theory.finite_size import finite_size_overlap
from .theory.glass import GlassLines, glass_lines
from .theory.low_load import Mixture, critical_memory_overlap, mixtures
from .theory.mixture_limits import MixtureLoads, mixture_loads, mixture_temperature
from .theory.nishimori import NishimoriLines, nishimori_lines
from .theory.phases import Phase, candidates, phase
from .theory.retrieval import retrieval_boundary
from .theory.robustness import adversarial_boundary, attacked_overlap, effective_temperature, scaled_signal
from .theory.saddle_point import solve
from .theory.signal import limiting_signal, pairwise_signal
from .theory.solution import Solution
from .version import __version__

__all__ = [
    "Boundary",
    "CriticalPoint",
    "DenseAssociativeClassifier",
    "DenseAssociativeMemory",
    "DensehopError",
    "DirectModel",
    "EnergyTable",
    "Equilibration",
    "Estimate",
    "ExamplesNeeded",
    "GlassLines",
    "InvalidInput",
    "Mixture",
    "MixtureLoads",
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
    "adversarial_boundary",
    "attacked_overlap",
    "autocorrelation_time",
    "boundary",
    "candidates",
    "critical_memory_overlap",
    "critical_temperature",
    "disorder_estimate",
    "draw_examples",
    "effective_temperature",
    "equilibration",
    "examples_needed",
    "finite_size_overlap",
    "glass_lines",
    "limiting_signal",
    "load_of",
    "log_evidence",
    "log_partition_function",
    "magnetisation",
    "mixture_loads",
    "mixture_temperature",
    "mixtures",
    "n_examples_for",
    "nishimori_lines",
    "noise_ratio",
    "pairwise_signal",
    "phase",
    "phase_diagram",
    "retrieval_boundary",
    "scaled_signal",
    "signal_strength",
    "solve",
    "strict_table",
    "teacher_law",
]
