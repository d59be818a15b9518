"""Bulk conversion: files of a source into files of the standard, as fast as the disk allows.

The row plan of ``adapters.mapping`` is the law. The block plan converts the same records by a
compiled kernel, writes the same bytes and the same findings, and leaves to the row plan whatever it
cannot prove clean.
"""
