"""Tests of `explorer.gradients`."""
