"""`footfall demo`: the main job on real faces, from a film to a report. Nothing here is used by the product itself."""
