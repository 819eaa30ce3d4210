"""Code of the browser that fits frames into their cells, and resets their zoom."""

from __future__ import annotations

from bokeh.models import CustomJS
from bokeh.plotting import figure

FIT = """
// center the largest frame with the aspect of the ranges in a cell of any aspect
const { outer_width: width, outer_height: height } = plot;
const across = cols.reset_end - cols.reset_start;
const down = rows.reset_end - rows.reset_start;
const aspect = Math.abs(across / down);
if (width > 2 && height > 2 && aspect > 0) {
  // Bokeh clears the edge of a canvas by half: one pixel on each side stays free
  const w = Math.max(1, Math.round(Math.min(width - 2, (height - 2) * aspect)));
  const h = Math.max(1, Math.round(Math.min(height - 2, (width - 2) / aspect)));
  const left = Math.floor((width - w) / 2), top = Math.floor((height - h) / 2);
  plot.setv({
    min_border_left: left, min_border_right: width - w - left,
    min_border_top: top, min_border_bottom: height - h - top,
  });
}
"""

RESET = """
for (const range of [cols, rows]) {
  range.setv({ start: range.reset_start, end: range.reset_end });
}
"""


def fitted(plot: figure) -> None:
    """Give the frame the aspect of its ranges, in a cell of any aspect."""
    cols, rows = plot.x_range, plot.y_range
    fit = CustomJS(args={"plot": plot, "cols": cols, "rows": rows}, code=FIT)
    plot.js_on_change("outer_width", fit)
    plot.js_on_change("outer_height", fit)
    for span in (cols, rows):
        span.js_on_change("reset_start", fit)
        span.js_on_change("reset_end", fit)
