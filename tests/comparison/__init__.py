"""Tests of `explorer.comparison`."""
