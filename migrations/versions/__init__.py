"""One revision a file. Expand first, fill in batches, contract in a later revision."""
