"""Alembic history of the schema of My Numbers."""
