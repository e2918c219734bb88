"""Bringing many staff with their photographs into a tenant, through the API."""
