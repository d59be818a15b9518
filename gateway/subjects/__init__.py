"""Who is who: numbers of the systems, links between them, pairwise handles."""

from gateway.subjects.links import ImportReport, LinkFileError, LinkRow, read_link_file
from gateway.subjects.service import Subject, SubjectService
from gateway.subjects.store import SubjectStore

__all__ = [
    "ImportReport",
    "LinkFileError",
    "LinkRow",
    "Subject",
    "SubjectService",
    "SubjectStore",
    "read_link_file",
]
