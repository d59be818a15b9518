000100* 先頭レコード（区分 0）
000200 01  SENTOU-REC.
000300     05  KBN              PIC X.
000400     05  KIJUN-YMD        PIC 9(8).
