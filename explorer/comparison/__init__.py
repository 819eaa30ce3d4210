"""Labelings that compete with ours: baselines, fair comparison, held-out images."""
