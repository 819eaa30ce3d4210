"""Scenes to label: Voronoi structures and real images, with ground truth and noise."""
