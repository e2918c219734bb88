"""Events on their way to the server: kept durably, sent in order. What goes into them is decided before."""
