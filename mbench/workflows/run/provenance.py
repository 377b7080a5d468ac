"""Origin: who measures, with which mbench, called how."""

import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import mbench
from mbench.core.measuring_version import MEASURING_VERSION
from mbench.core.results import Provenance


def provenance(command: Sequence[str], *, label: str | None = None) -> Provenance:
    """Return who measures; `git` is the state of mbench's own checkout, None where it was installed otherwise.

    Args:
        command: as it was typed.
        label: what the user calls what is measured.
    """
    return Provenance(
        mbench=mbench.__version__,
        git=_git_state(Path(mbench.__file__).parent.parent),
        command=tuple(command),
        host=platform.node(),
        python=platform.python_version(),
        measuring_version=MEASURING_VERSION,
        label=label,
    )


def _git_state(folder: Path) -> str | None:
    if not (folder / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ("git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None
