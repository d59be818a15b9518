"""The conformance kit: what an adapter has to stand before a town may rely on it."""
