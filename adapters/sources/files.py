"""Files that a system hands over, read from the folder where they were put."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from adapters.deadline import Deadline
from adapters.errors import BadAnswer, ConfigurationError, Unavailable, Unsupported
from adapters.files.csv_files import CsvShapeError
from adapters.files.records import FileRecord, FileShapeError, open_records
from adapters.mapping.model import Read
from adapters.sources.base import Slots

_LINE: Final = re.compile(r"^([0-9a-f]{64}) [ *](\S+)$", re.MULTILINE)


@runtime_checkable
class RecordSource(Protocol):
    """A source of whole files; it may stand in the place of a ``Source``."""

    def records(self, name: str, read: Read) -> Iterator[FileRecord]:
        """Yield the records of the file of the read ``name``, in their order. Blocks on the disk.

        Raises:
            AdapterError: the file is missing, or is not of the declared shape.
        """
        ...


class FileSource:
    """Reads delivered files; never writes, moves or deletes any.

    Args:
        delivery: folder where the system, or a transfer, puts its files.
        layouts: folder of the mapping, with its copybooks.
        names: name of the file of each read, by the name of the read.
        checksums: name of a file of the delivery with the SHA-256 of the others, in the lines that
            ``sha256sum`` writes. Without it only what is inside a file (a trailer with totals) can
            tell that a part of it is missing.
    """

    def __init__(
        self,
        delivery: Path,
        layouts: Path,
        names: Mapping[str, str],
        *,
        checksums: str | None = None,
    ) -> None:
        for name in (*names.values(), *([checksums] if checksums is not None else [])):
            if Path(name).name != name or name in {"", ".", ".."}:
                raise ConfigurationError("the name of a delivered file has no folder")
        self._delivery = delivery
        self._layouts = layouts
        self._names = dict(names)
        self._checksums = checksums

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:  # noqa: ARG002
        """Refuse: a file is read as a whole.

        Raises:
            Unsupported: always.
        """
        raise Unsupported("a delivered file answers no question about one person")

    def records(self, name: str, read: Read) -> Iterator[FileRecord]:
        """Yield the records of the file of the read ``name``."""
        if read.file is None or name not in self._names:
            raise ConfigurationError(f"no file is named for the read {name}")
        path = self._delivery / self._names[name]
        try:
            with path.open("rb") as file:
                self._verify(name, file)
                yield from open_records(read.file, self._layouts, file)
        except FileNotFoundError:
            raise Unavailable(f"the file of {name} has not been delivered") from None
        except OSError as error:
            raise Unavailable(f"the file of {name}: {type(error).__name__}") from None
        except FileShapeError as error:
            raise ConfigurationError(str(error)) from None
        except CsvShapeError as error:
            raise BadAnswer(f"the file of {name}: {error}") from None

    def _verify(self, name: str, file: BufferedReader) -> None:
        """Compare the file with its checksum and go back to its beginning.

        Raises:
            BadAnswer: it has none, or another one: a part is missing or was changed on the way.
        """
        if self._checksums is None:
            return
        text = (self._delivery / self._checksums).read_text("ascii", "replace")
        found = _LINE.findall(text)
        if len(found) != len(text.splitlines()):
            raise BadAnswer("the file of checksums is cut off or has another form")
        sums = [digest for digest, named in found if named == self._names[name]]
        if sums != [hashlib.file_digest(file, "sha256").hexdigest()]:
            raise BadAnswer(f"the file of {name} does not agree with its checksum")
        file.seek(0)

    async def ping(self, deadline: Deadline) -> str | None:
        """Look whether every file is there.

        Raises:
            Unavailable: one is not.
        """
        deadline.require_s()
        missing = [n for n, file in self._names.items() if not (self._delivery / file).is_file()]
        if missing:
            raise Unavailable(f"not delivered: {', '.join(missing)}")
        return None

    async def aclose(self) -> None:
        """Do nothing: no file is open between calls."""
