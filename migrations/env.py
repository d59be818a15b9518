"""The history of everything but My Numbers."""

from __future__ import annotations

from migrations.running import run_history

run_history(None, lambda settings: settings.database_url)
