"""The town's own characters (外字): what each private-use code means in the resident system."""

from __future__ import annotations

GAIJI: dict[str, tuple[str, str]] = {
    "\ue000": ("\U00020bb7", "吉の上が土"),
    "\ue001": ("\U0002363a", "橋の異体"),
    "\ue002": ("\u9089\U000e0102", "邉の異体"),
    "\ue003": ("", "斎の異体"),
    "\ue004": ("", "瀬の異体"),
}
"""Private-use character: the character it stands for (empty: nobody has identified it), a note."""

GETA = "〓"
"""What stands where a character is not known."""

_READABLE = str.maketrans({code: real or GETA for code, (real, _) in GAIJI.items()})


def readable(text: str) -> str:
    """Return the text with each town character replaced by the real one, or by 〓."""
    return text.translate(_READABLE)
