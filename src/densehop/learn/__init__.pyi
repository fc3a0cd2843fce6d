"""Scikit-learn's estimators on dense associative memories, their data, attacks on them, and students of data."""

from .attacks.ball import Ball
from .attacks.methods import fgsm, pgd, random_search
from .attacks.overwrite import OverwriteCurve, overwrite_attack
from .attacks.robustness import Robustness, robust_accuracy
from .classifier.estimator import DenseAssociativeClassifier
from .data.datasets import ImageSet, load, load_idx, load_openml
from .location import Location, locate
from .memory.estimator import DenseAssociativeMemory
from .students.group import StudentGroup
from .students.sampling import Students, sample_students

__all__ = [
    "Ball",
    "DenseAssociativeClassifier",
    "DenseAssociativeMemory",
    "ImageSet",
    "Location",
    "OverwriteCurve",
    "Robustness",
    "StudentGroup",
    "Students",
    "fgsm",
    "load",
    "load_idx",
    "load_openml",
    "locate",
    "overwrite_attack",
    "pgd",
    "random_search",
    "robust_accuracy",
    "sample_students",
]
