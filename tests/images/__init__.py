"""Tests of image and label files."""
