"""Scikit-learn's estimators on dense associative memories, their data, attacks on them, and students of data."""

from .attacks.attacked_models import AttackedModel, attacked_model
from .attacks.ball import Ball
from .attacks.methods import fgsm, pgd, random_search
from .attacks.overwrite import OverwriteCurve, overwrite_attack
from .attacks.robustness import Robustness, robust_accuracy
from .classifier.estimator import DenseAssociativeClassifier
from .data.datasets import ImageSet, load, load_idx, load_openml, load_small_digits
from .location import Location, locate
from .memory.estimator import DenseAssociativeMemory
from .memory.imputer import DenseAssociativeImputer
from .memory.shards import ShardedMemory
from .students.group import StudentGroup, StudentRegime
from .students.sampling import Students, energy_depth, sample_students

__all__ = [
    "AttackedModel",
    "Ball",
    "DenseAssociativeClassifier",
    "DenseAssociativeImputer",
    "DenseAssociativeMemory",
    "ImageSet",
    "Location",
    "OverwriteCurve",
    "Robustness",
    "ShardedMemory",
    "StudentGroup",
    "StudentRegime",
    "Students",
    "attacked_model",
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
]
