"""Weights for images never seen: patches by prototypes, trained end to end."""
