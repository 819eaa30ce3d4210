"""Panels as pictures: colors, PNG files, offline pages."""
