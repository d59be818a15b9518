"""One module for each thing that the generator writes; each has its own words for the same facts."""
