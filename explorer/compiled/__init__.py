"""How kernels are compiled, kept on disk, and called, one computation at a time."""
