"""Tests of `explorer.features`."""
