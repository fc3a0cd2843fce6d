"""Where stored rows lie: `locate`, with its sentences, as a dataset that a worker process returns."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from densehop.apps.located import HOLDS, locate_sentences
from densehop.learn.holding import holding
from densehop.learn.location import locate
from densehop.learn.memory.estimator import DenseAssociativeMemory

ENERGIES = {"exponential": None, "p = 2": 2, "p = 3": 3, "p = 4": 4}  # strict ones have a p
TRIALS = 50


@dataclass(frozen=True)
class Question:
    """Rows of signs, as bytes so that equal questions are one, and the energy that stores them."""

    content: bytes
    n_sites: int
    energy: str = "exponential"


def located(question: Question) -> xr.Dataset:
    """Return what comes back after an attack by another memory, measured and predicted; `says` are sentences."""
    signs = np.frombuffer(question.content, dtype=np.int8).reshape(-1, question.n_sites)
    p = ENERGIES[question.energy]
    memories = DenseAssociativeMemory(encoding="binary", scale="shared").fit(signs) if p is None else signs
    found = locate(memories, p, n_trials=TRIALS)
    others = holding(signs, HOLDS) if found.fixed_points < HOLDS else None
    return xr.Dataset(
        {
            "retrieved": ("fraction", found.attack.retrieved),
            "predicted": ("fraction", found.predicted_retrieved),
        },
        {"fraction": found.attack.fraction},
        {"says": locate_sentences(found, others), "n_memories": found.n_memories, "energy": question.energy},
    )
