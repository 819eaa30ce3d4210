"""Tests of `explorer.compiled`."""
