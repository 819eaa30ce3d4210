"""Compiled loops over plain arrays: what costs time is here, what it means is not."""
