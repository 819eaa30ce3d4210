"""Gradients of a loss with respect to the weights: low rank, exact, and others."""
