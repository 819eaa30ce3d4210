"""Exit codes of `laf`, as shells know them."""

FAILED = 1
"""The command could not do what it was asked to."""

SIGNAL_BASE = 128
"""A signal's number is added to this."""

INTERRUPTED = SIGNAL_BASE + 2
"""Ctrl-C ended the command."""
