"""Tests of `explorer.dashboards`."""
