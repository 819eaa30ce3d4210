"""Features of pixels and what is learned from them: extractors, evidence."""
