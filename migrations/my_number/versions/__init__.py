"""One revision a file, as in the other history."""
