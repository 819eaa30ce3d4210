"""The probability simplex and its maps; pixel neighborhoods and their kernels."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["manifold"])
