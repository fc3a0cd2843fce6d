"""Statistical mechanics in the limit of large N: states, lines, phase diagrams, and questions built on them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
