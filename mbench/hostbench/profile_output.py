"""Writes the operator profile where the flags want it."""

from collections.abc import Sequence
from pathlib import Path

from mbench.hostbench import streams
from mbench.hostbench.op_profile import SubgraphProfile
from mbench.hostbench.profile_tables import format_tables


def write_profile(subgraphs: Sequence[SubgraphProfile], *, mode: str, path: str) -> None:
    """Writes the profile to a file, or to stdout where none is named or can be opened: no failure for the tool."""
    if mode == "proto":
        # Not every run needs protobuf, which takes 40 ms to load.
        from mbench.hostbench.profile_proto import build_profile

        message = build_profile(subgraphs)
        if not _write(path, message.SerializeToString()):
            streams.info(str(message))
    else:
        text = format_tables(subgraphs, csv=mode == "csv") if subgraphs else ""
        if not _write(path, text.encode()) and text:
            streams.info(text)


def _write(path: str, content: bytes) -> bool:
    try:
        Path(path).write_bytes(content)
    except OSError:
        return False
    return True
