"""The town's three legacy systems, each a process with a dialect of its own."""
