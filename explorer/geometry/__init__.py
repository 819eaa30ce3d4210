"""The probability simplex and its maps; pixel neighborhoods and their kernels."""
