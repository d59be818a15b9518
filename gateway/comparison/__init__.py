"""Two extracts of a group, row by row and as a whole. Pure."""

from gateway.comparison.differences import Difference, Kind, differences, paired
from gateway.comparison.findings import (
    Code,
    Finding,
    against_declared,
    against_earlier,
    between,
    misplaced,
)
from gateway.comparison.limits import Limits, shipped_limits
from gateway.comparison.profiles import ItemProfile, Profile, Profiler
from gateway.comparison.ranges import Ranges, differing
from gateway.comparison.rows import Columns, Membership, Row

__all__ = [
    "Code",
    "Columns",
    "Difference",
    "Finding",
    "ItemProfile",
    "Kind",
    "Limits",
    "Membership",
    "Profile",
    "Profiler",
    "Ranges",
    "Row",
    "against_declared",
    "against_earlier",
    "between",
    "differences",
    "differing",
    "misplaced",
    "paired",
    "shipped_limits",
]
