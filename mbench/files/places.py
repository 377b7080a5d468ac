"""Paths as people write them."""

from pathlib import Path


def expanded(text: str | Path) -> Path:
    """Return a path with the home folder for `~`; as it stands where nobody of the name that follows is known."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
