"""densehop: dense Hopfield networks, exact theory and fast Monte Carlo."""

from .energy import EnergyTable, overlap_table, power_table, strict_table
from .errors import DensehopError, Incomplete, Interrupted, InvalidInput, MissingPackage, NoSolution, OutOfRange
from .examples import draw_examples
from .learn.classifier import DenseAssociativeClassifier
from .learn.memory import DenseAssociativeMemory
from .network import PBodyHopfield
from .planted import PlantedExamples, draw_examples_of_many
from .problem import DirectModel, TeacherStudent, load_of, n_examples_for
from .simulate.histogram import OverlapHistogram, overlap_histogram
from .simulate.observables import (
    Equilibration,
    Estimate,
    TimeAverage,
    autocorrelation_time,
    disorder_estimate,
    effective_samples,
    equilibration,
    time_average,
)
from .simulate.overlaps import LargestOverlaps, between_chains, largest_overlaps, pattern_overlaps
from .simulate.r_hat import r_hat
from .simulate.retrieval import Retrieval
from .simulate.sample import Samples
from .simulate.settings import annealing
from .simulate.start_independence import StartComparison, StartIndependence, start_independence
from .simulate.starts import (
    ChosenExample,
    attacked,
    closest_example,
    corrupted,
    nearest_overlap,
    random_states,
    states_at_overlap,
    typical_example,
)
from .simulate.tempering import TemperedSamples
from .simulate.tuning import TunedLadder
from .teacher import (
    CriticalPoint,
    TeacherLaw,
    critical_temperature,
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
    "ChosenExample",
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
    "Incomplete",
    "Interrupted",
    "InvalidInput",
    "LargestOverlaps",
    "MissingPackage",
    "Mixture",
    "MixtureLoads",
    "NishimoriLines",
    "NoSolution",
    "OutOfRange",
    "OverlapHistogram",
    "PBodyHopfield",
    "Phase",
    "PlantedExamples",
    "Retrieval",
    "Samples",
    "Solution",
    "StartComparison",
    "StartIndependence",
    "TeacherLaw",
    "TeacherStudent",
    "TemperedSamples",
    "TimeAverage",
    "TunedLadder",
    "__version__",
    "adversarial_boundary",
    "annealing",
    "attacked",
    "attacked_overlap",
    "autocorrelation_time",
    "between_chains",
    "boundary",
    "candidates",
    "closest_example",
    "corrupted",
    "critical_memory_overlap",
    "critical_temperature",
    "disorder_estimate",
    "draw_examples",
    "draw_examples_of_many",
    "effective_samples",
    "effective_temperature",
    "equilibration",
    "examples_needed",
    "finite_size_overlap",
    "glass_lines",
    "largest_overlaps",
    "limiting_signal",
    "load_of",
    "log_evidence",
    "log_partition_function",
    "magnetisation",
    "mixture_loads",
    "mixture_temperature",
    "mixtures",
    "n_examples_for",
    "nearest_overlap",
    "nishimori_lines",
    "noise_ratio",
    "overlap_histogram",
    "overlap_table",
    "pairwise_signal",
    "pattern_overlaps",
    "phase",
    "phase_diagram",
    "power_table",
    "r_hat",
    "random_states",
    "retrieval_boundary",
    "scaled_signal",
    "signal_strength",
    "solve",
    "start_independence",
    "states_at_overlap",
    "strict_table",
    "teacher_law",
    "time_average",
    "typical_example",
]
