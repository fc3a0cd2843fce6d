"""Monte-Carlo chains of a network: how they start, how they are scheduled, what they return."""

from .annealed import AnnealedPopulations
from .exact import draw_exactly
from .free_entropy import FreeEntropy, integrate_temperature
from .retrieval import Retrieval
from .samples import Samples
from .settings import RunOptions, annealing
from .starts import (
    ChosenExample,
    attacked,
    closest_example,
    corrupted,
    nearest_overlap,
    random_states,
    states_at_overlap,
    typical_example,
)
from .tempering import TemperedSamples
from .tuning import TunedLadder

__all__ = [
    "AnnealedPopulations",
    "ChosenExample",
    "FreeEntropy",
    "Retrieval",
    "RunOptions",
    "Samples",
    "TemperedSamples",
    "TunedLadder",
    "annealing",
    "attacked",
    "closest_example",
    "corrupted",
    "draw_exactly",
    "integrate_temperature",
    "nearest_overlap",
    "random_states",
    "states_at_overlap",
    "typical_example",
]
