"""From image bytes to templates: decode, detect, align, quality, embed, and their weights. No store, no identity."""
