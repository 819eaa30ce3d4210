"""Declare each setting once: check, control, JSON, link and code derive from it.

A setting has a name, a default, a meaning and a label. `check` returns an admissible
value, or raises an error that names argument, value and cure. `to_json` and `from_json`
are exact. `code` returns Python code that evaluates to the value. `control` returns the
description of the control for the page. This package does not depend on widgets.
"""

from explorer.settings.choice import Choice
from explorer.settings.edits import Picks, Strokes
from explorer.settings.kinds import Flag, Pick, Pixel
from explorer.settings.links import RESERVED, from_link, to_link, without_pixels
from explorer.settings.numbers import Number, Several
from explorer.settings.setting import Setting
from explorer.settings.uploads import Image, Uploaded

__all__ = [
    "RESERVED",
    "Choice",
    "Flag",
    "Image",
    "Number",
    "Pick",
    "Picks",
    "Pixel",
    "Setting",
    "Several",
    "Strokes",
    "Uploaded",
    "from_link",
    "to_link",
    "without_pixels",
]
