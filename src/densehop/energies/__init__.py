"""Energies of the overlaps: strict and power energies as integer tables, rectified and exponential ones as weights."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
