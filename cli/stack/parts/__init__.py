"""The servers of the one-machine stack, one module each family. What keeps them running is elsewhere."""
