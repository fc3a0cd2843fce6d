"""The teacher: its exact law, its examples, its signal."""

from .examples import draw_examples
from .law import (
    CriticalPoint,
    TeacherLaw,
    critical_temperature,
    magnetisation,
    noise_ratio,
    signal_strength,
    teacher_law,
)
from .several_patterns import PlantedExamples, draw_examples_of_many

__all__ = [
    "CriticalPoint",
    "PlantedExamples",
    "TeacherLaw",
    "critical_temperature",
    "draw_examples",
    "draw_examples_of_many",
    "magnetisation",
    "noise_ratio",
    "signal_strength",
    "teacher_law",
]
