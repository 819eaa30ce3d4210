"""Features of pixels, and distances learned from them: extractors, evidence."""
