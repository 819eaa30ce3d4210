"""Dashboards: the only folder that imports ipywidgets, anywidget or bokeh."""
