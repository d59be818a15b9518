"""One module for each thing the generator writes, each with words of its own."""
