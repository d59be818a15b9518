"""税務ひろば: the town's resident tax, an HTTP/JSON product."""
