"""Files from a device: one command prints size, SHA-256 and content, so that a wrong or a cut copy is seen."""

import hashlib
from typing import Final

from mbench.core.errors import TransportError
from mbench.devices.adb_shell import ShellEnd
from mbench.devices.adb_sync import quoted_path

NO_FILE: Final = 61
TOO_LARGE: Final = 62
HEAD_BYTES: Final = 256

_HASH_TEMPLATE = "[ -e {path} ] || exit {no_file}; exec sha256sum <{path}"
_PULL_TEMPLATE = """[ -e {path} ] || exit {no_file}
if [ -d {path} ]; then echo {path} is a folder >&2; exit 1; fi
size=$(wc -c <{path}) || exit 1
echo $size
[ "$size" -le {limit} ] || exit {too_large}
sum=$(sha256sum <{path}) || exit 1
echo "$sum"
exec cat <{path}
"""


def hash_script(path: str) -> str:
    """Return a script that prints a file's hash; `NO_FILE` is its status where there is none."""
    return _HASH_TEMPLATE.format(path=quoted_path(path), no_file=NO_FILE)


def pull_script(path: str, *, limit_bytes: int) -> str:
    """Return a script that prints a file's size, hash and content, or ends with `NO_FILE` or `TOO_LARGE`."""
    return _PULL_TEMPLATE.format(path=quoted_path(path), limit=limit_bytes, no_file=NO_FILE, too_large=TOO_LARGE)


def parse_hash(printed: bytes) -> str | None:
    """Return the hash at the beginning of what `sha256sum` printed, None where there is none."""
    word = printed[:64].decode("ascii", "replace").lower()
    return word if len(word) == 64 and set(word) <= set("0123456789abcdef") else None


def parse_pulled(end: ShellEnd, *, serial: str, path: str) -> bytes:
    """Return the content that `pull_script` printed.

    Raises:
        TransportError: it is not as long as it should be, or has another hash.
    """
    size, _, rest = end.stdout.partition(b"\n")
    head, _, data = rest.partition(b"\n")
    want, found = parse_hash(head), hashlib.sha256(data).hexdigest()
    if not size.strip().isdigit() or want is None:
        raise TransportError(f"{serial}: could not read {path}: the device printed {end.stdout[:80]!r}.")
    if len(data) != int(size) or found != want:
        raise TransportError(
            f"{serial}: {path} arrived as {len(data)} bytes with SHA-256 {found}, but on the device it has {int(size)} "
            f"bytes with {want}; it changed meanwhile, or the way to the device damages data. Try again."
        )
    return data
