"""The history of the schema of My Numbers."""

from __future__ import annotations

from gateway.store.my_number_tables import MY_NUMBER_SCHEMA
from migrations.running import run_history

run_history(MY_NUMBER_SCHEMA, lambda settings: settings.my_numbers_url)
