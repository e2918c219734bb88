"""Streamlit pages over API v1, through the client alone. No rule, no store, no figure that the API did not send."""
