"""The demo town: a fictitious municipality, its people and its three legacy systems."""
