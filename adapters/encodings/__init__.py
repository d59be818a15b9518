"""Encodings of host systems: JEF, KEIS, JIPS, IBM kanji, EBCDIC families, and their decimals."""
