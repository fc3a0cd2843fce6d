"""Scikit-learn's estimators on dense associative memories, their data, attacks on them, and students of data."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
