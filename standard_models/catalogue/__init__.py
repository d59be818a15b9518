"""The catalogue of the standard for people: search, and pages to browse."""
