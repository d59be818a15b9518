"""The conformance kit: it passes what is good and finds what is not."""
