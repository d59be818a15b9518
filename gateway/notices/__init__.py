"""本人通知: registered people are told that somebody obtained a certificate of theirs."""

from gateway.notices.service import NoticeRooms, Notices
from gateway.notices.store import NoticeStore

__all__ = ["NoticeRooms", "NoticeStore", "Notices"]
