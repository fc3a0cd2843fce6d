"""What chains say: error bars, verdicts on equilibration, overlaps and their histograms."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
