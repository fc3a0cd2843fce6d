"""Statistical mechanics in the limit of large N: states, lines, phase diagrams, and questions built on them."""

from .diagrams.diagram import phase_diagram
from .diagrams.phases import Phase, candidates, phase
from .diagrams.solutions import solve_grid
from .lines.boundaries import boundary
from .lines.points import Boundary
from .lines.retrieval import retrieval_boundary
from .lines.spectral import unfolding_threshold
from .models.many_body.glass import GlassLines, glass_lines
from .models.nishimori import NishimoriLines, nishimori_lines
from .models.signal import limiting_signal, pairwise_signal
from .questions.basin import basin_overlap
from .questions.evidence import log_evidence, log_partition_function
from .questions.examples_answer import ExamplesNeeded
from .questions.examples_needed import examples_needed
from .questions.exponential_attack import attack_boundary
from .questions.finite_size import finite_size_overlap
from .questions.finite_size_paramagnet import FiniteParamagnet, finite_size_paramagnet
from .questions.low_load import Mixture, critical_memory_overlap, mixtures
from .questions.mixture_limits import MixtureLoads, mixture_loads, mixture_temperature
from .questions.robustness import adversarial_boundary, attacked_overlap, effective_temperature, scaled_signal
from .questions.shannon import channel_capacity
from .questions.thresholds import InferenceRegime, inference_regime
from .saddle_point import solve
from .states.solution import Solution

__all__ = [
    "Boundary",
    "ExamplesNeeded",
    "FiniteParamagnet",
    "GlassLines",
    "InferenceRegime",
    "Mixture",
    "MixtureLoads",
    "NishimoriLines",
    "Phase",
    "Solution",
    "adversarial_boundary",
    "attack_boundary",
    "attacked_overlap",
    "basin_overlap",
    "boundary",
    "candidates",
    "channel_capacity",
    "critical_memory_overlap",
    "effective_temperature",
    "examples_needed",
    "finite_size_overlap",
    "finite_size_paramagnet",
    "glass_lines",
    "inference_regime",
    "limiting_signal",
    "log_evidence",
    "log_partition_function",
    "mixture_loads",
    "mixture_temperature",
    "mixtures",
    "nishimori_lines",
    "pairwise_signal",
    "phase",
    "phase_diagram",
    "retrieval_boundary",
    "scaled_signal",
    "solve",
    "solve_grid",
    "unfolding_threshold",
]
