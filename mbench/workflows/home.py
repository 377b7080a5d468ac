"""Where mbench keeps what is its own, and where results go."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the folder of cache, weights, binaries and the user's profiles: `MBENCH_HOME`, else the platform's."""
    chosen = os.environ.get("MBENCH_HOME")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("mbench", appauthor=False)


def results_root(chosen: Path | None) -> Path:
    """Return the folder that sessions are made in: the option, else `MBENCH_RESULTS`, else `results` here."""
    return chosen or Path(os.environ.get("MBENCH_RESULTS") or "results")
