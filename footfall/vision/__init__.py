"""From image bytes to templates: decode, detect, align, quality, embed, and the weights they need. No store, no identity."""
