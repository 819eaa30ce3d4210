"""Locate the notebooks, and make an editable copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import explorer

APP = "home.ipynb"
"""The notebook that shows the home page."""

COPY = "assignment-flow-notebooks"
"""The folder for a copy, in the working directory."""


def find_notebooks() -> Path:
    """Return the folder of the notebooks.

    They travel inside an installed package; in a checkout they lie beside it.
    """
    package = Path(explorer.__file__).resolve().parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / APP).is_file():
            return folder
    raise FileNotFoundError(
        f"there is no {APP} in or beside {package}: install the package again"
    )


@dataclass(frozen=True)
class Copy:
    """A folder of editable notebooks, with the new files and the existing ones."""

    folder: Path
    new: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"Notebooks to edit: {self.folder}"]
        if self.new:
            parts.append(f"  new: {', '.join(self.new)}")
        if self.kept:
            parts.append(f"  left as they were: {', '.join(self.kept)}")
        return "\n".join(parts)


def copy_notebooks(source: Path, working_directory: Path) -> Copy:
    """Copy the notebooks into the working directory; keep existing files."""
    folder = working_directory / COPY
    folder.mkdir(exist_ok=True)
    new: list[str] = []
    kept: list[str] = []
    for notebook in sorted(source.glob("*.ipynb")):
        target = folder / notebook.name
        (kept if target.exists() else new).append(notebook.name)
        if not target.exists():
            shutil.copyfile(notebook, target)  # not its mode: it may be read-only
    return Copy(folder, tuple(new), tuple(kept))
