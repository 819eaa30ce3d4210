"""Tests; each folder mirrors the one of the same name in the package."""
