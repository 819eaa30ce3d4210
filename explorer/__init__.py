"""See and steer linearized assignment flows for image labeling.

Implements Zeilmann, Petra, Schnörr, "Learning Linearized Assignment Flows for Image
Labeling", J. Math. Imaging Vis. 65 (2023), doi 10.1007/s10851-022-01132-9.

>>> import explorer as ex
>>> scene = ex.voronoi_scene("colors", size=32, noise=0.3, seed=0)
>>> flow = ex.LinearizedFlow(scene.distances, rho=0.5, radius=1)
>>> solution = ex.Krylov(dim=10).solve(flow, flow.uniform_weights(), time=5.0)
>>> solution.status.ok
True
"""

import lazy_loader

from explorer.environment import check_environment

check_environment()

__version__ = "0.1.0"

# each name is loaded on its first use, from where `__init__.pyi` says that it is:
# `import explorer` takes no time, and neither Bokeh nor ipywidgets unless they are used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
