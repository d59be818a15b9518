000100* 国民年金 資格マスター（架空のホスト）
000200 01  NENKIN-REC.
000300     05  ATENA-NO         PIC 9(12).
000400     05  RIREKI-NO        PIC 9(3).
000500     05  KISO-NO          PIC X(10).
000600     05  SHUBETSU         PIC X.
000700         88  DAI1         VALUE "1".
000800         88  DAI3         VALUE "3".
000900     05  SHUTOKU-YMD      PIC 9(7) COMP-3.
001000     05  SHUTOKU-JIYU     PIC XX.
001100     05  SOSHITSU-YMD     PIC 9(7) COMP-3.
001200     05  FUKA             PIC X.
001300     05  YOBI             PIC X(8).
001400     05  SHIMEI           PIC N(10).
001500     05  MENJO OCCURS 2 TIMES.
001600         10  MENJO-KBN    PIC X.
001700         10  MENJO-YM     PIC 9(6).
