"""Tests of `explorer.losses`."""
