"""Verify an exported part of the audit record of Hitotsu, on any machine with Python 3.10 or newer.

    python3 verify.py export.ndjson --key FINGERPRINT --anchors audit-heads-2026-10.txt

This one file is the whole program; it needs the standard library alone and no network. It checks
that every row hashes to its leaf, that the leaves lead to the root of the tree head, that the head
is signed, and that the heads that were kept elsewhere (--anchors) lie on the same tree. It ends
with 0 if everything is as it was written, with 1 if not, and with 2 if it cannot tell.

Sources: RFC 6962 (the tree), RFC 7515 (signed heads), RFC 8032 section 6 (the signature), RFC 7638
(fingerprints of keys). The signature is checked by plain Python: that takes some milliseconds each
and needs no secret, so nothing can leak by its timing.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

HEAD_TYPE = "hitotsu-audit-head"
EXPORT_TYPE = "hitotsu-audit-export"


class Wrong(Exception):
    """The record is not as it was written; the texts say where."""

    def __init__(self, japanese: str, english: str) -> None:
        super().__init__(english)
        self.text = f"{japanese} / {english}"


class Unclear(Exception):
    """Nothing can be said of the record; the texts say what to do."""

    def __init__(self, japanese: str, english: str) -> None:
        super().__init__(english)
        self.text = f"{japanese} / {english}"


# The tree: RFC 6962, 2.1


def leaf_hash(entry: str) -> bytes:
    """Return the hash of a row."""
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Stack:
    """Hashes of neighbouring subtrees, joined as soon as two of one size stand side by side."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, bytes]] = []

    def push(self, size: int, value: bytes) -> None:
        """Add the next subtree."""
        while self.parts and self.parts[-1][0] == size and size & (size - 1) == 0:
            value = node_hash(self.parts.pop()[1], value)
            size *= 2
        self.parts.append((size, value))

    def root(self) -> bytes:
        """Return the root over everything."""
        if not self.parts:
            return hashlib.sha256(b"").digest()
        root = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            root = node_hash(left, root)
        return root


def outer_ranges(first: int, end: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges around the exported rows whose roots the export brings along."""
    found = []
    waiting = [(0, size)]
    while waiting:
        low, high = waiting.pop()
        if high <= first or low >= end:
            found.append((low, high))
        elif not first <= low < high <= end:
            middle = low + (1 << ((high - low - 1).bit_length() - 1))
            waiting += [(middle, high), (low, middle)]
    return found


def grew(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Return whether the larger tree starts with the smaller one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    if not 0 < old < new or not path:
        return False
    left, last = old - 1, new - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    of_old = of_new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if left & 1 or left == last:
            of_old, of_new = node_hash(beside, of_old), node_hash(beside, of_new)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            of_new = node_hash(of_new, beside)
        left, last = left >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root


# Ed25519: RFC 8032, 5.1.7 and the program of section 6

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j, k * m, j * k, i * m)


def _times(factor: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while factor > 0:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def _point(packed: bytes) -> Point | None:
    number = int.from_bytes(packed, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _x_of(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signature_holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the Ed25519 signature of ``message`` is right."""
    if len(key) != 32 or len(signature) != 64:
        return False
    signer, commitment = _point(key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if signer is None or commitment is None or scalar >= Q:
        return False
    challenge = hashlib.sha512(signature[:32] + key + message).digest()
    left = _times(scalar, BASE)
    right = _add(commitment, _times(int.from_bytes(challenge, "little") % Q, signer))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


# Heads: RFC 7515


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fingerprint(key: dict[str, str]) -> str:
    """Return the RFC 7638 thumbprint of a public key."""
    members = {name: key[name] for name in ("crv", "kty", "x")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def read_head(line: str, keys: dict[str, bytes]) -> dict[str, Any]:
    """Return the members of a signed head; with ``key``, the fingerprint of its key."""
    try:
        header_text, payload, signature = line.strip().split(".")
        header = json.loads(from_base64url(header_text))
        key = keys[header["kid"]]
        right = (header["typ"], header["alg"]) == (HEAD_TYPE, "Ed25519") and signature_holds(
            key, f"{header_text}.{payload}".encode(), from_base64url(signature)
        )
        if right:
            head: dict[str, Any] = json.loads(from_base64url(payload))
            return {**head, "root": bytes.fromhex(head["root"]), "key": header["kid"]}
    except (ValueError, KeyError, TypeError):
        pass
    raise Wrong(
        "木の署名（ヘッド）が、この記録の鍵で署名されていません。",
        "a tree head is not signed by a key of this record",
    )


# The verification


def verify(lines: Iterator[str], trusted: set[str], anchor_lines: list[str]) -> list[str]:
    """Return what was found in order, as lines to print.

    Raises Wrong at the first thing that is not as it was written.
    """
    export, keys = read_start(next(lines, ""))
    if trusted:
        keys = {name: key for name, key in keys.items() if name in trusted}
        if not keys:
            raise Wrong(
                "この書き出しは、--key の鍵で署名されていません。",
                "the export is not signed by a key of --key",
            )
    head = read_head(export["head"], keys)
    anchors = [read_head(line, keys) for line in anchor_lines if line.strip()]
    first, end = export["first"], export["end"]
    wanted = {a["size"] for a in anchors} if first == 0 else set()
    roots, growth = read_range(export, head, lines, wanted)
    for anchor in anchors:
        check_anchor(anchor, head, roots, growth)
    size, at = head["size"], head["at"]
    return [
        f"木の {first}〜{end - 1} 番（全 {size} 行） / rows {first}..{end - 1} of {size}",
        f"ヘッドの時刻 {at} / head of {at}",
        f"署名した鍵 {head['key']} / signed by key {head['key']}",
        f"突き合わせた外のヘッド {len(anchors)} 件 / heads from outside: {len(anchors)}",
    ]


def read_start(line: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the first line of an export and the public keys in it by fingerprint."""
    try:
        export = json.loads(line)
        if (export["type"], export["v"]) == (EXPORT_TYPE, 1):
            return export, {fingerprint(k): from_base64url(k["x"]) for k in export["keys"]}
    except (ValueError, KeyError, TypeError):
        pass
    raise Unclear(
        "証明付きの書き出し（hitotsu audit export）ではないか、一行目がありません。",
        "this is no export with proofs, or its first line is missing",
    )


def read_range(
    export: dict[str, Any], head: dict[str, Any], lines: Iterator[str], wanted: set[int]
) -> tuple[dict[int, bytes], dict[int, list[bytes]]]:
    """Check that the rows lead to the head; return roots at wanted sizes, and proofs of growth."""
    first, end, size = export["first"], export["end"], head["size"]
    if not 0 <= first < end <= size or size != export["size"]:
        raise Wrong("範囲がヘッドと合いません。", "the range does not fit the head")
    stack = Stack()
    outer = outer_ranges(first, end, size)
    around = [bytes.fromhex(text) for text in export["around"]]
    if len(around) != len(outer):
        raise Wrong("証明の数が合いません。", "the proof has the wrong length")
    sides = list(zip(outer, around, strict=True))
    for (low, high), value in sides:
        if high <= first:
            stack.push(high - low, value)
    roots, growth, rows, jump = read_rows(lines, stack, first, wanted)
    if rows != end - first:
        after = f"。行 {jump[0]} の次が行 {jump[1]} です" if jump else ""
        after_en = f"; row {jump[0]} is followed by row {jump[1]}" if jump else ""
        raise Wrong(
            f"行の数が合いません（{rows} 行、正しくは {end - first} 行）{after}。",
            f"{rows} rows instead of {end - first}{after_en}",
        )
    for (low, high), value in sides:
        if low >= end:
            stack.push(high - low, value)
    if stack.root() != head["root"]:
        raise Wrong(
            "行から計算した根が、署名されたヘッドと一致しません。",
            "the rows do not lead to the root of the signed head",
        )
    return roots, growth


def read_rows(
    lines: Iterator[str], stack: Stack, first: int, wanted: set[int]
) -> tuple[dict[int, bytes], dict[int, list[bytes]], int, tuple[int, int] | None]:
    """Return roots at the wanted sizes, proofs of growth by size, the number of rows, a jump.

    Numbers of rows grow. One may be left out where nothing was ever written, so a jump alone says
    nothing; where rows are missing, the first one says where to look.
    """
    roots: dict[int, bytes] = {}
    growth: dict[int, list[bytes]] = {}
    rows, before, jump = 0, 0, None
    for number, line in enumerate(lines, 2):
        part = read_line(number, line)
        if part["type"] == "growth":
            growth[part["from"]] = [bytes.fromhex(text) for text in part["proof"]]
            continue
        leaf, sequence = leaf_hash(part["entry"]), part["sequence"]
        if leaf.hex() != part["leaf"]:
            raise Wrong(
                f"行 {sequence}（木の {first + rows} 番）が書き換えられています。",
                f"row {sequence} (leaf {first + rows}) is not as it was written",
            )
        if rows and sequence <= before:
            raise Wrong(
                f"行 {sequence} が行 {before} のあとにあります（木の {first + rows} 番）。",
                f"row {sequence} comes after row {before} (leaf {first + rows})",
            )
        if rows and sequence > before + 1:
            jump = jump or (before, sequence)
        before = sequence
        stack.push(1, leaf)
        rows += 1
        if first + rows in wanted:
            roots[first + rows] = stack.root()
    return roots, growth, rows, jump


def read_line(number: int, line: str) -> dict[str, Any]:
    """Return a row or a proof of growth."""
    try:
        part: dict[str, Any] = json.loads(line)
        wanted = ("from", "proof") if part["type"] == "growth" else ("entry", "leaf", "sequence")
        if all(name in part for name in wanted):
            return part
    except (ValueError, KeyError, TypeError):
        pass
    raise Unclear(
        f"{number} 行目を読めません。ファイルが途中で切れているか、壊れています。"
        "もう一度受け取ってください。",
        f"line {number} cannot be read: the file is cut off or damaged; get it once more",
    )


def check_anchor(
    anchor: dict[str, Any],
    head: dict[str, Any],
    roots: dict[int, bytes],
    growth: dict[int, list[bytes]],
) -> None:
    """Raise Wrong if a head from outside does not lie on the tree of this head."""
    size = anchor["size"]
    if size > head["size"]:
        raise Wrong(
            f"外に保管したヘッドは {size} 行ですが、記録は {head['size']} 行しかありません。",
            f"a head from outside has {size} rows, the record has {head['size']}: rolled back",
        )
    if size in roots:
        good = roots[size] == anchor["root"]
    elif size == head["size"]:
        good = head["root"] == anchor["root"]
    elif size in growth:
        good = grew(size, anchor["root"], head["size"], head["root"], growth[size])
    else:
        raise Unclear(
            f"外に保管した {size} 行のヘッドと比べる証明がありません。そのヘッドを hitotsu audit "
            "export の --anchors に渡した書き出しを受け取ってください。",
            f"no proof for the head from outside of {size} rows: get an export that was made with "
            "that head in --anchors",
        )
    if not good:
        raise Wrong(
            f"外に保管した {size} 行のヘッドと一致しません。それより前が書き換えられています。",
            f"differs from the head from outside of {size} rows: something before was rewritten",
        )


def stop(text: str, code: int) -> NoReturn:
    """Print why and end."""
    print(text, file=sys.stderr)  # noqa: T201 - a program of its own
    sys.exit(code)


def joined(words: list[str]) -> list[str]:
    """Return the words with options and values as one: a fingerprint may begin with ``-``."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in {"--key", "--anchors"}:
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("export", help="監査記録の書き出し / the exported file")
    parser.add_argument(
        "--key", action="append", default=[], help="信頼する鍵の指紋 / fingerprint of a trusted key"
    )
    parser.add_argument(
        "--anchors", action="append", default=[], help="外に保管したヘッド / heads kept outside"
    )
    asked = parser.parse_args(joined(sys.argv[1:]))
    try:
        anchors: list[str] = []
        for path in asked.anchors:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123 - one style, old Pythons
                anchors += file.readlines()
        with open(asked.export, encoding="utf-8") as file:  # noqa: PTH123 - as above
            said = verify(iter(file), set(asked.key), anchors)
    except Wrong as wrong:
        stop(f"NG: {wrong.text}", 1)
    except Unclear as unclear:
        stop(f"検証できません：{unclear.text}", 2)
    except OSError as error:
        stop(f"検証できません：{error.filename} を読めません / it cannot be read", 2)
    except (ValueError, KeyError, TypeError):
        stop("検証できません：ファイルが壊れています / the file is damaged", 2)
    for line in said:
        print(line)  # noqa: T201 - a program of its own
    if not asked.key:
        print(  # noqa: T201 - a program of its own
            "鍵の指紋を、自治体から別に受け取ったものと見比べてください。 / Compare the "
            "fingerprint of the key with the one that you got from the municipality."
        )
    print("OK")  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
