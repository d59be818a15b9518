"""Complete adapters, as examples and for the demo town."""
