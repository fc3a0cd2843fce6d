"""Monte-Carlo chains of a network: how they start, how they are scheduled, what they return."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
