"""Who is who: numbers of the systems, links between them, pairwise handles."""

from gateway.subjects.links import ImportReport, LinkFileError, LinkRow, read_link_file
from gateway.subjects.service import Acting, Asker, Subject, SubjectService
from gateway.subjects.store import SubjectStore

__all__ = [
    "Acting",
    "Asker",
    "ImportReport",
    "LinkFileError",
    "LinkRow",
    "Subject",
    "SubjectService",
    "SubjectStore",
    "read_link_file",
]
