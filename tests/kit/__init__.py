"""Tests of `explorer.kit`."""
