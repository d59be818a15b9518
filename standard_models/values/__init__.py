"""Value types of the standard: each parses, has one canonical form, and can be displayed.

Nothing here knows an edition, a source or a person. A reading is a value or an absence together
with quality codes; what is not certain is never guessed.
"""
