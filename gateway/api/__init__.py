"""HTTP in and out, nothing else. Its rooms are imported by name: commands need few of them."""
