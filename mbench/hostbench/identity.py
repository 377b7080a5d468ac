"""Which hostbench this is: the identity by which results name their instrument.

Two results are of the same instrument if they agree on everything that computes and times: these sources, the runtime's
shared libraries and the Python that drives them. Nothing of numpy or the runtime is imported for it.
"""

import hashlib
import platform
from functools import cache
from importlib import metadata, util
from pathlib import Path

_LIBRARIES = ("libpywrap_litert_common.so", "libLiteRt.so")


def program_manifest() -> dict[str, str]:
    """Returns `name`, `version` (of mbench), `python`, `ai_edge_litert` and `sha256` of this program.

    Raises:
      ModuleNotFoundError: ai_edge_litert is not installed.
    """
    return dict(_manifest())


@cache
def _manifest() -> tuple[tuple[str, str], ...]:
    from mbench import __version__

    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        ("name", "hostbench"),
        ("version", __version__),
        ("python", python),
        ("ai_edge_litert", metadata.version("ai-edge-litert")),
        ("sha256", _digest(python)),
    )


def _digest(python: str) -> str:
    package = util.find_spec("ai_edge_litert")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("ai_edge_litert is not installed", name="ai_edge_litert")
    libraries = [Path(package.origin).with_name(name) for name in _LIBRARIES]
    sources = sorted(Path(__file__).parent.glob("*.py"))
    total = hashlib.sha256(python.encode())
    for path in [*sources, *(library for library in libraries if library.exists())]:
        with path.open("rb") as file:
            total.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
