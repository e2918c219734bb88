"""Putting the ingest daemon on a camera host as a systemd service."""
