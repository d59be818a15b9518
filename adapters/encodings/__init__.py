"""Encodings of host systems (JEF, KEIS, JIPS, IBM kanji) and code pages; host decimals."""
