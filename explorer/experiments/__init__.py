"""The paper's figures and labeled sweeps, as functions that return datasets."""
