"""The town's online service: a consumer of the gateway, as a municipality would run one.

It knows the gateway only by its HTTP interface and imports nothing of it; what a date or a
school year is, it asks the standard models, a distribution of their own.
"""
