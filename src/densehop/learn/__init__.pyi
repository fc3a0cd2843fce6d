"""Scikit-learn's estimators on dense associative memories, their data, attacks on them, and students of data."""

from .attacks.overwrite import OverwriteCurve, overwrite_attack
from .attacks.robustness import Ball, Robustness, fgsm, pgd, random_search, robust_accuracy
from .attacks.victims import Victim, victim_of
from .classifier.estimator import DenseAssociativeClassifier
from .data.datasets import ImageSet, load, load_idx, load_openml, load_small_digits
from .location import Location, locate
from .memory.estimator import DenseAssociativeMemory
from .students.group import StudentGroup, StudentRegime
from .students.sampling import Students, energy_depth, sample_students

__all__ = [
    "Ball",
    "DenseAssociativeClassifier",
    "DenseAssociativeMemory",
    "ImageSet",
    "Location",
    "OverwriteCurve",
    "Robustness",
    "StudentGroup",
    "StudentRegime",
    "Students",
    "Victim",
    "energy_depth",
    "fgsm",
    "load",
    "load_idx",
    "load_openml",
    "load_small_digits",
    "locate",
    "overwrite_attack",
    "pgd",
    "random_search",
    "robust_accuracy",
    "sample_students",
    "victim_of",
]
