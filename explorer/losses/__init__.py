"""Losses of labelings: their values, directions and checks."""
