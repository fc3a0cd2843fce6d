"""What tests on real data share: splits, and lines of tables with errors over seeds."""

import numpy as np
from sklearn.model_selection import train_test_split


def split(data, seed, share):
    """Return training and test images, then their classes."""
    return train_test_split(data.images, data.classes, test_size=share, stratify=data.classes, random_state=seed)


def row(name, values, digits=4):
    """Print means over seeds (axis 0) with their standard errors; return the means."""
    values = np.asarray(values, dtype=float)
    means = np.atleast_1d(values.mean(axis=0))
    errors = np.atleast_1d(values.std(axis=0, ddof=1) / np.sqrt(len(values)))
    cells = [f"{mean:.{digits}f}({error:.{digits}f})" for mean, error in zip(means, errors, strict=True)]
    print(f"{name:34}", *cells, flush=True)
    return values.mean(axis=0)
