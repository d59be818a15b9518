"""Alembic history of the gateway's own tables; ``gateway.store.migrate`` runs it."""
