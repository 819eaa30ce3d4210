"""Optional packages: which extra brings them, and the error where one is missing."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

EXTRAS = {
    "torch": ("PyTorch", "autodiff"),
    "maxflow": ("PyMaxflow", "graphcut"),
    "jupyterlab": ("JupyterLab", "app"),
    "voila": ("Voila", "app"),
}
"""Top-level module → the package's name, and the extra that installs it."""


def cure(extra: str) -> str:
    """Return the command that installs an extra, as the README writes it.

    >>> cure("app")
    'pip install ".[app]" in a checkout of the project'
    """
    return f'pip install ".[{extra}]" in a checkout of the project'


def missing(module: str, purpose: str) -> str:
    """Return the sentence that says which package `purpose` needs, and the cure."""
    package, extra = EXTRAS[module.partition(".")[0]]
    return f"{purpose} needs {package}, which is not installed: run {cure(extra)}"


def load(module: str, purpose: str) -> ModuleType:
    """Import and return an optional module.

    Parameters
    ----------
    module : full name of the module; its top-level name is a key of `EXTRAS`.
    purpose : what needs it, the subject of the error message.

    Raises
    ------
    ModuleNotFoundError
        naming the package and the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ModuleNotFoundError(missing(module, purpose)) from error


def installed(module: str) -> bool:
    """Return whether an optional module can be found, without importing it."""
    return importlib.util.find_spec(module) is not None
