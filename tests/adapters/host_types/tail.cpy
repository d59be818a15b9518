000100* 末尾レコード
000200 01  TAIL-REC.
000300     05  KBN              PIC X.
000400     05  KENSU            PIC 9(7) COMP-3.
000500     05  MENJO-KENSU      PIC 9(7) COMP-3.
000600     05  GOKEI            PIC S9(9) COMP-3.
