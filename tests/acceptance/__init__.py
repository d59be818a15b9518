"""What users see and rely on, over real pages and real processes."""
