"""Official workbooks (.xlsx) as published: item lists and API specifications become editions.

Every filled cell of a workbook is accounted for: it became part of the edition, it is a note or a
mark of the layout, or it is listed by sheet and cell as not read.
"""

from standard_models.workbooks.importing import (
    Import,
    ImportOptions,
    Problem,
    import_workbook,
    write_edition,
)
from standard_models.workbooks.sheets import WorkbookError

__all__ = [
    "Import",
    "ImportOptions",
    "Problem",
    "WorkbookError",
    "import_workbook",
    "write_edition",
]
