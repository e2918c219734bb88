"""Alembic's environment, its versions and their SQL. Run by `footfall.provisioning`; imported by nothing of ours."""
