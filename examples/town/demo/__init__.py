"""The demonstration: the whole town as processes on this machine, with one command."""
