"""From distances to labels: similarity, linear system, Krylov basis, V(T)."""
