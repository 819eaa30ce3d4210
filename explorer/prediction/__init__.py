"""Weights for unseen images: patches from prototypes, trained end to end."""
