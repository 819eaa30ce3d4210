"""Panels as live figures, offline pages, PNG files and tables: one vocabulary."""
