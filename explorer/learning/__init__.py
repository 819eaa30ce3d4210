"""Learning the weights: losses, the low-rank gradient, descent, and its trace."""
