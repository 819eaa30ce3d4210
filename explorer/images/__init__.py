"""Image and label files: decoded, paired and checked."""
