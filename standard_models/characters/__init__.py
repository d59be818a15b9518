"""What a character is: repertoires, reduction for weak systems, 外字, candidates, families."""
