000100* 免除レコード（区分 2）
000200 01  MENJO-REC.
000300     05  KBN              PIC X.
000400     05  ATENA-NO         PIC 9(12).
000500     05  RENBAN           PIC 9(3).
000600     05  MENJO-KBN        PIC X.
000700     05  KAISHI-YM        PIC 9(6).
000800     05  SHURYO-YM        PIC 9(6).
000900     05  SHINSEI-YMD      PIC 9(7) COMP-3.
001000     05  SHONIN-YMD       PIC 9(7) COMP-3.
001100     05  GAKU             PIC S9(7) COMP-3.
