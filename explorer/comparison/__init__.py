"""Other labelings: baselines, fair comparison, held-out images."""
