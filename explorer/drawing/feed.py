"""`feed`: turn a panel into the columns and properties of its figure."""

from __future__ import annotations

from collections.abc import Callable

from explorer.drawing.cells import feed_grid, feed_table
from explorer.drawing.columns import Columns, Props
from explorer.drawing.legends import legend
from explorer.drawing.patches import feed_patches
from explorer.drawing.pixels import feed_field, feed_labels, feed_picture
from explorer.drawing.plots import feed_bars, feed_curves, feed_simplex
from explorer.drawing.slots import KEPT, Kept
from explorer.drawing.view import View
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Panel,
    Patches,
    Picture,
    Simplex,
    Table,
)

__all__ = ["KEPT", "Columns", "Kept", "Props", "feed", "legend"]


def feed(shown: View, panel: Panel, kept: Kept = ()) -> tuple[Columns, Props]:
    """Return the columns and the properties that show a panel in the view's figure.

    Parameters
    ----------
    shown : the view; panel : a panel of the view's kind.
    kept : labels and panels of at most KEPT kept runs; only curves show them.

    Returns
    -------
    Columns by the name of their source, and properties by the name of their model.
    """
    if not isinstance(panel, shown.kind):
        raise TypeError(
            f"`panel` must be a {shown.kind.__name__}, the kind of the view "
            f"{shown.name}, got {type(panel).__name__}; return one from its function"
        )
    if len(kept) > KEPT:
        raise ValueError(
            f"`kept` must hold at most {KEPT} runs, got {len(kept)}; drop some"
        )
    return FEEDERS[shown.kind](shown, panel, kept)


FEEDERS: dict[type, Callable[..., tuple[Columns, Props]]] = {
    Picture: feed_picture, Labels: feed_labels, Field: feed_field, Curves: feed_curves,
    Bars: feed_bars, Grid: feed_grid, Patches: feed_patches, Simplex: feed_simplex,
    Table: feed_table,
}  # fmt: skip
