"""Digits, split, for the tests of estimators."""

import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


@pytest.fixture(scope="session")
def digits():
    """Return training and test images of greys from 0 to 16, then their classes."""
    images, classes = load_digits(return_X_y=True)
    return train_test_split(images, classes, test_size=0.3, stratify=classes, random_state=0)
