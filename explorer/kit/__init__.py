"""A framework for dashboards: graph, runs, page, and the code that connects them.

>>> from explorer import kit
>>> kit.Preset({"time": 30.0}, "Small cells vanish.").settings["time"]
30.0
"""

from explorer.drawing.view import view
from explorer.kit.dashboard import Dashboard
from explorer.kit.plan import Preset, Readout
from explorer.kit.recipe import Recipe
from explorer.kit.runs import Stepper

__all__ = ["Dashboard", "Preset", "Readout", "Recipe", "Stepper", "view"]
