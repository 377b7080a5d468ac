"""DuckDB, and nothing of it outside of this room: a connection that asks Parquet files, with its errors as ours.

DuckDB has Parquet, JSON and CSV built in. It is set to fetch nothing from the network and to keep no settings.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mbench.core.errors import StoreError

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "400MB"
"""That one question may take; what needs more goes to the disk."""

MOST_THREADS: Final = 4


class DamagedArchive(StoreError):
    """A file of the archive cannot be read; it is made again from documents."""


class ArchiveMoved(StoreError):
    """A file of the archive went while it was read: another process compacts it. Reading again finds the new one."""


@contextmanager
def asking(spill: str | None = None) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Yield a connection for the block.

    Args:
        spill: folder for what does not fit into memory; None: nothing is written.

    Raises:
        DamagedArchive: a file is not what it was when it was written.
        ArchiveMoved: a file is not there any more.
        StoreError: there is too little memory for what is asked.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY,
        "threads": min(MOST_THREADS, os.cpu_count() or 1),
        "preserve_insertion_order": False,
        "temp_directory": spill or "",
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield connection
    except duckdb.IOException as error:
        if "No files found" in str(error) or "No such file" in str(error):
            raise ArchiveMoved(_said(error)) from error
        raise DamagedArchive(_said(error)) from error
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            f"the archive was asked for more than {MEMORY} of memory hold: ask for fewer cells."
        ) from error
    except duckdb.Error as error:
        raise DamagedArchive(_said(error)) from error
    finally:
        connection.close()


def _said(error: Exception) -> str:
    return f"the archive cannot be read: {str(error).splitlines()[0]}"
