"""The routes of API v1, a module a subject. A route fetches, calls one function of the domain and answers; no rules."""
