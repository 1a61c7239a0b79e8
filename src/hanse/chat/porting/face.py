"""What the command line asks for: history in, history out, history found."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from hanse.chat.files.examining import FileRules
from hanse.chat.porting.archive import opened
from hanse.chat.porting.importing import Import, Progress, recognise
from hanse.chat.porting.indexing import index_missing
from hanse.chat.porting.planning import Report
from hanse.chat.porting.spool import Spool
from hanse.chat.porting.writing import Export, Exported
from hanse.identity import Access
from hanse.platform.database import Db

__all__ = ["export_chat", "import_chat", "index_missing"]


async def export_chat(
    db: Db,
    access: Access,
    path: Path,
    *,
    room_id: UUID | None = None,
    tell: Callable[[Exported], None] = lambda _: None,
) -> Exported:
    """Write all rooms of the organisation, or one, into a zip file.

    Raises NoSuchRoom, MissingScope, DatabaseUnavailable, OSError.
    """
    return await Export(db, access, path, tell).write(room_id)


async def import_chat(
    db: Db,
    access: Access,
    path: Path,
    rules: FileRules,
    *,
    format: str | None = None,
    is_dry_run: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Bring an export into the organisation, or only say what that would make.

    Raises InvalidExport, NoOwner, ScannerAway, MissingScope, DatabaseUnavailable; what stands in
    the log by then stays, and the next run goes on from there.
    """
    with (
        tempfile.TemporaryDirectory(prefix="hanse-import-") as folder,
        opened(path) as archive,
    ):
        spool = Spool(Path(folder) / "spool")
        try:
            source = recognise(archive, format)
            run = Import(db, access, archive, source, spool, rules, tell)
            return await (run.plan() if is_dry_run else run.run())
        finally:
            spool.close()
