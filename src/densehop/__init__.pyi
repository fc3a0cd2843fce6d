"""densehop: dense Hopfield networks, exact theory and fast Monte Carlo."""

from . import campaign, diagnostics, energies, errors, inference, learn, plot, simulate, teacher, theory
from .base.version import __version__
from .coupling_network import CouplingNetwork
from .errors import DensehopError, InvalidInput, NoSolution, OutOfRange
from .exponential_problem import ExponentialArchetypes, ExponentialModel, ExponentialTeacherStudent, RectifiedModel
from .inference.amp import message_passing
from .inference.recovery import recover_pattern
from .learn.attacks.robustness import robust_accuracy
from .learn.classifier.estimator import DenseAssociativeClassifier
from .learn.location import locate
from .learn.memory.estimator import DenseAssociativeMemory
from .network import PBodyHopfield
from .problem import DirectModel, TeacherStudent, load_of, n_examples_for
from .simulate.samples import Samples
from .simulate.tempering import TemperedSamples
from .teacher.examples import draw_examples
from .teacher.law import critical_temperature, signal_strength
from .theory.diagrams.diagram import phase_diagram
from .theory.diagrams.phases import Phase, candidates, phase
from .theory.lines.boundaries import boundary
from .theory.lines.points import Boundary
from .theory.lines.retrieval import retrieval_boundary
from .theory.models.nishimori import nishimori_lines
from .theory.questions.examples_needed import examples_needed
from .theory.questions.low_load import mixtures
from .theory.questions.robustness import adversarial_boundary, attacked_overlap
from .theory.saddle_point import solve
from .theory.states.solution import Solution

__all__ = [
    "Boundary",
    "CouplingNetwork",
    "DenseAssociativeClassifier",
    "DenseAssociativeMemory",
    "DensehopError",
    "DirectModel",
    "ExponentialArchetypes",
    "ExponentialModel",
    "ExponentialTeacherStudent",
    "InvalidInput",
    "NoSolution",
    "OutOfRange",
    "PBodyHopfield",
    "Phase",
    "RectifiedModel",
    "Samples",
    "Solution",
    "TeacherStudent",
    "TemperedSamples",
    "__version__",
    "adversarial_boundary",
    "attacked_overlap",
    "boundary",
    "campaign",
    "candidates",
    "critical_temperature",
    "diagnostics",
    "draw_examples",
    "energies",
    "errors",
    "examples_needed",
    "inference",
    "learn",
    "load_of",
    "locate",
    "message_passing",
    "mixtures",
    "n_examples_for",
    "nishimori_lines",
    "phase",
    "phase_diagram",
    "plot",
    "recover_pattern",
    "retrieval_boundary",
    "robust_accuracy",
    "signal_strength",
    "simulate",
    "solve",
    "teacher",
    "theory",
]
