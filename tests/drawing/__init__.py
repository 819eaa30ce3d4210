"""Tests of `explorer.drawing`."""
