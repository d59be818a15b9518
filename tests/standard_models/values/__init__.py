"""Value types: dates, text, codes, identifiers."""
