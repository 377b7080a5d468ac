"""Where mbench keeps what is its own, and where results go."""

import os
from pathlib import Path

import platformdirs

from mbench.core.errors import UsageError


def home() -> Path:
    """Return the folder of cache, weights, binaries and the user's profiles: `MBENCH_HOME`, else the platform's.

    Raises:
        UsageError: it begins with `~`, and nobody knows which folder that is.
    """
    chosen = os.environ.get("MBENCH_HOME")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("mbench", appauthor=False)
    try:
        return folder.expanduser()
    except RuntimeError as error:  # no such user, or one without a home and HOME unset
        raise UsageError(f"the folder {folder} is not known here; let MBENCH_HOME name a folder.") from error


def results_root(chosen: Path | None) -> Path:
    """Return the folder that sessions are made in: the option, else `MBENCH_RESULTS`, else `results` here."""
    return chosen or Path(os.environ.get("MBENCH_RESULTS") or "results")
