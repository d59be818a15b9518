"""The tables of the resident product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of JKATENA: ``kind`` is ``half`` or ``full`` (padded), ``text`` or ``number``."""

    name: str
    kind: str
    width: int

    def pad(self, value: str) -> str:
        """Return the value as stored.

        Raises:
            ValueError: the value is longer than the column.

        """
        if len(value) > self.width:
            raise ValueError(f"{self.name} holds {self.width} characters")
        if self.kind == "half":
            return value.ljust(self.width)
        if self.kind == "full":
            return value.ljust(self.width, "　")
        return value

    @property
    def sql_type(self) -> str:
        """The column's type in SQL."""
        if self.kind == "number":
            return f"NUMERIC({self.width})"
        return f"CHAR({self.width})" if self.kind == "half" else f"VARCHAR({self.width})"


JKATENA = tuple(
    Column(name, kind, width)
    for name, kind, width in (
        ("DANTAI_CD", "half", 6), ("ATENA_NO", "half", 15), ("RIREKI_NO", "number", 3),
        ("SETAI_NO", "half", 15), ("JUMIN_SBT", "half", 1), ("JUMIN_JOTAI", "half", 2),
        ("SIMEI", "full", 60), ("KANA", "half", 80), ("KANA_KAKUNIN", "half", 1),
        ("ALPHA_NM", "half", 80), ("KANJI_NM", "full", 40), ("TUSYO", "full", 40),
        ("TUSYO_KANA", "half", 80), ("KYUSI", "full", 20), ("KYUSI_KANA", "half", 40),
        ("SEIBETU", "half", 1), ("SEI_YMD", "half", 7), ("SEI_FUSYO", "text", 72),
        ("ZOKU", "half", 8), ("JUMIN_YMD", "half", 7), ("JUMIN_FUSYO", "text", 72),
        ("JUSYO_YMD", "half", 7), ("TODOKE_YMD", "half", 7), ("IDO_JIYU", "half", 2),
        ("IDO_YMD", "half", 7), ("IDO_FUSYO", "text", 72), ("SYORI_YMD", "half", 7),
        ("SI_CD", "half", 6), ("CYO_CD", "half", 7), ("KEN_NM", "full", 4),
        ("SI_NM", "full", 12), ("CYO_NM", "full", 30), ("BANTI", "full", 30),
        ("KATAGAKI", "full", 60), ("YUBIN", "half", 7), ("KOSIN_TS", "half", 14),
    )
)  # fmt: skip

_ATENA_COLUMNS = ",\n".join(f"  {column.name} {column.sql_type} NOT NULL" for column in JKATENA)

SCHEMA = f"""CREATE TABLE JKATENA (
{_ATENA_COLUMNS}
);
CREATE TABLE JKSETAI (
  SETAI_NO CHAR(15) NOT NULL,
  NUSI_ATENA_NO CHAR(15) NOT NULL,
  SETAI_JOTAI CHAR(1) NOT NULL,
  SETTEI_YMD CHAR(7) NOT NULL,
  BUNRI_MOTO_NO CHAR(15) NOT NULL
);
CREATE TABLE JKGAIKOKU (
  ATENA_NO CHAR(15) NOT NULL,
  KOKUSEKI CHAR(3) NOT NULL,
  ZAIRYU CHAR(2) NOT NULL,
  ZAIRYU_MANRYO CHAR(8) NOT NULL,
  GAI_JUMIN_YMD CHAR(7) NOT NULL,
  KOSIN_TS CHAR(14) NOT NULL
);
CREATE TABLE JKSIEN (
  SIEN_NO CHAR(10) NOT NULL,
  SEQ NUMERIC(2) NOT NULL,
  YAKUWARI CHAR(1) NOT NULL,
  ATENA_NO CHAR(15) NOT NULL,
  SIEN_KBN CHAR(1) NOT NULL,
  SIEN_JOTAI CHAR(1) NOT NULL,
  KAISI_YMD CHAR(7) NOT NULL,
  SYURYO_YMD CHAR(7) NOT NULL,
  HANI CHAR(2) NOT NULL,
  UPD_TS CHAR(14) NOT NULL
);
CREATE TABLE JKGAIJI (
  GAIJI_CD CHAR(4) NOT NULL,
  MOJI VARCHAR(4) NOT NULL,
  SETUMEI VARCHAR(60) NOT NULL
);
CREATE TABLE JKSEIGYO (
  SEIGYO_KBN CHAR(2) NOT NULL,
  KIJUN_TS CHAR(14) NOT NULL,
  HAN VARCHAR(20) NOT NULL,
  SAIDAI_SIEN_TS CHAR(14) NOT NULL
);
"""

INDEXES = """ALTER TABLE JKATENA ADD PRIMARY KEY (ATENA_NO, RIREKI_NO);
CREATE INDEX JKATENA_I1 ON JKATENA (SETAI_NO);
CREATE INDEX JKATENA_I2 ON JKATENA ((ATENA_NO::text), RIREKI_NO);
CREATE INDEX JKATENA_I3 ON JKATENA ((SETAI_NO::text));
ALTER TABLE JKSETAI ADD PRIMARY KEY (SETAI_NO);
CREATE INDEX JKSETAI_I1 ON JKSETAI ((SETAI_NO::text));
ALTER TABLE JKGAIKOKU ADD PRIMARY KEY (ATENA_NO);
CREATE INDEX JKGAIKOKU_I1 ON JKGAIKOKU ((ATENA_NO::text));
ALTER TABLE JKSIEN ADD PRIMARY KEY (SIEN_NO, SEQ);
ALTER TABLE JKGAIJI ADD PRIMARY KEY (GAIJI_CD);
ALTER TABLE JKSEIGYO ADD PRIMARY KEY (SEIGYO_KBN);
"""
"""Keys and indexes, made after the load. Those on ``::text`` serve a lookup without padding."""
