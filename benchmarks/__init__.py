"""Speed as ratios within one run, each against a yardstick that stands beside it."""
