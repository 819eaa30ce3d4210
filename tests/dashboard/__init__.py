"""Tests of the dashboard without a browser: set a value, read a node or a source."""
