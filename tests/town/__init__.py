"""The demo town and its three legacy systems."""
