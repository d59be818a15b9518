"""The once-only engine: one question, several systems, one honest answer."""
