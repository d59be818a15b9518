"""Tables, engine and sessions. Only the `store.py` of a room speaks SQL."""
