"""Commands that a verdict names: to see a cell, to measure it again, to accept what changed."""

import shlex

from mbench.core.cells import Cell
from mbench.core.errors import UsageError
from mbench.core.variants import parse_variant
from mbench.core.verdicts import Finding

HOST = "host"
MAIN = "main"
"""The branch that is shown unasked."""


def history_command(cell: Cell) -> str:
    """Return the command that shows a cell's nights; of a branch of its own that one's, which is not shown unasked."""
    branch = [] if cell.branch == MAIN else ["--branch", cell.branch]
    return shlex.join(["mbench", "history", cell.workload, cell.delegate, cell.serial, *branch])


def reproduce_command(cell: Cell) -> str:
    """Return the command that measures a cell again; a user's own file is named as it is called in a farm file."""
    threads = [] if cell.threads is None else ["--threads", str(cell.threads)]
    device = HOST if cell.serial.startswith(f"{HOST}:") else cell.serial
    delegate = ["--delegate", cell.delegate]
    return shlex.join(["mbench", "run", *_what(cell.workload), "--device", device, *delegate, *threads])


def accept_command(finding: Finding, *, devices: int) -> str:
    """Return the command that accepts it, on the one device or on all of its model that show it."""
    where = finding.model if devices > 1 else finding.cell.serial
    return shlex.join(["mbench", "accept", f"{workload_of(finding.cell)} on {where}", "--because", "TEXT"])


def workload_of(cell: Cell) -> str:
    """Return what is measured, without where: `detector gpu ×4`."""
    return str(cell).removesuffix(f" on {cell.serial}")


def _what(workload: str) -> list[str]:
    try:
        parse_variant(workload)
    except UsageError:
        return ["--model", f"{workload}.tflite"]
    return [workload]
