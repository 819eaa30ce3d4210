"""Speed and memory of loss and gradient, side by side with peers.

`python -m benchmarks` runs them. Every contender lives in a process of its own; they
take turns, so that a machine whose speed drifts favors nobody. Results are compared
before anything is timed.
"""
