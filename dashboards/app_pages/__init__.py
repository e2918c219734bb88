"""The pages, one file each; `app.py` routes to them."""
