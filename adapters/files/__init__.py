"""Records in files: layouts, COBOL copybooks, fixed-length records, CSV."""
