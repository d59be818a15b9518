000100* 先頭レコード
000200 01  HEAD-REC.
000300     05  KBN              PIC X.
000400     05  KIJUN-YMD        PIC 9(8).
