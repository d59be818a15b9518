000100* 免除レコード
000200 01  MENJO-REC.
000300     05  KBN              PIC X.
000400     05  ATENA-NO         PIC 9(12).
000500     05  MENJO-KBN        PIC X.
000600     05  MENJO-YM         PIC 9(6).
000700     05  GAKU             PIC S9(7) COMP-3.
