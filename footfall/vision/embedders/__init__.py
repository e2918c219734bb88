"""Embedders behind `footfall.vision.types.Embedder`: aligned crops in, unit vectors out. No matching here."""
