"""Files from a device: one command prints size, SHA-256 and content, so that a wrong or a cut copy is seen.

Many files together are printed by four programs, however many they are: each start of one costs a phone milliseconds.

    +-+         which of the files are there: those to pull, then those to hash
    4711 path   sizes of those to pull, and where they are several, all of them: `5000 total`
    <hash> path SHA-256 of those to pull, then of those to hash
    …           contents, one after the other
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from mbench.core.errors import TransportError
from mbench.core.numbers.numerals import whole
from mbench.core.ports import FilesRead
from mbench.devices.adb.shell import ShellEnd, lacking_tool
from mbench.devices.adb.sync import quoted_path

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

_TOGETHER_TEMPLATE = """set -f
set -- {pulled}
for path do
  shift
  if [ -e "$path" ]; then printf +; set -- "$@" "$path"; else printf -- -; fi
done
for path in {hashed}; do
  if [ -e "$path" ]; then printf +; else printf -- -; fi
done
echo
if [ $# -gt 0 ]; then
  sizes=$(wc -c "$@") || exit 1
  echo "$sizes"
  for word in ${{sizes##*"
"}}; do break; done
  [ "$word" -le {limit} ] || exit {too_large}
fi
sums=$(
  for path in {hashed}; do
    [ ! -e "$path" ] || set -- "$@" "$path"
  done
  [ $# -eq 0 ] || exec sha256sum "$@"
) || exit 1
echo "$sums"
[ $# -eq 0 ] || cat "$@" || exit 1
{remove}
exit 0
"""
MOST_NAMED = 3
"""Files in a message."""
_UNLISTED = frozenset("\\\n")
"""A path with one of these is not printed as it is by `sha256sum`."""


def hash_script(path: str) -> str:
    """Return a script that prints a file's hash; `NO_FILE` is its status where there is none."""
    return _HASH_TEMPLATE.format(path=quoted_path(path), no_file=NO_FILE)


def pull_script(path: str, *, limit_bytes: int) -> str:
    """Return a script that prints a file's size, hash and content, or ends with `NO_FILE` or `TOO_LARGE`."""
    return _PULL_TEMPLATE.format(path=quoted_path(path), limit=limit_bytes, no_file=NO_FILE, too_large=TOO_LARGE)


def can_be_listed(paths: Iterable[str]) -> bool:
    """Whether `together_script` can tell the files apart."""
    return not any(_UNLISTED & set(path) for path in paths)


def together_script(
    pulled: Sequence[str], hashed: Sequence[str], *, limit_bytes: int, then_remove: str | None = None
) -> str:
    """Return a script that prints what `parse_together` takes, or ends with `TOO_LARGE`.

    When all is printed it removes a directory, whether or not that works.
    """
    return _TOGETHER_TEMPLATE.format(
        pulled=" ".join(map(quoted_path, pulled)),
        hashed=" ".join(map(quoted_path, hashed)),
        limit=limit_bytes,
        too_large=TOO_LARGE,
        remove="" if then_remove is None else f"rm -rf {quoted_path(then_remove)} 2>/dev/null",
    )


def parse_hash(printed: bytes) -> str | None:
    """Return the hash at the beginning of what `sha256sum` printed, None where there is none."""
    word = printed[:64].decode("ascii", "replace").lower()
    return word if len(word) == 64 and set(word) <= set("0123456789abcdef") else None


def parse_pulled(end: ShellEnd, *, serial: str, path: str) -> bytes:
    """Return the content that `pull_script` printed.

    Raises:
        TransportError: it is not as long as it should be, or has another hash.
    """
    printed, _, rest = end.stdout.partition(b"\n")
    head, _, data = rest.partition(b"\n")
    size, want = _size(printed), parse_hash(head)
    if size is None or want is None:
        raise TransportError(_unreadable(end, [path], serial=serial))
    return _proved(data, size_bytes=size, sha256=want, serial=serial, path=path)


def parse_together(end: ShellEnd, pulled: Sequence[str], hashed: Sequence[str], *, serial: str) -> FilesRead:
    """Return what `together_script` printed.

    Raises:
        TransportError: it cannot be told apart, or a file is not as long as it should be, or has another hash.
    """
    flags, _, rest = end.stdout.partition(b"\n")
    there = [path for path, flag in zip((*pulled, *hashed), flags, strict=False) if flag == ord("+")]
    arrived = there[: flags[: len(pulled)].count(b"+")]
    size_lines, sum_lines = len(arrived) + (len(arrived) > 1), max(1, len(there))
    *lines, data = rest.split(b"\n", size_lines + sum_lines)
    sizes = [size for line in lines[: len(arrived)] if (size := _size(line.strip().split(b" ")[0])) is not None]
    sums = [parse_hash(line) for line in lines[size_lines:]][: len(there)]
    if (
        (len(flags), len(lines)) != (len(pulled) + len(hashed), size_lines + sum_lines)
        or len(sizes) < len(arrived)
        or None in sums
    ):
        raise TransportError(_unreadable(end, there or [*pulled, *hashed], serial=serial))
    hashes = dict(zip(there, sums, strict=True))
    contents: dict[str, bytes | None] = dict.fromkeys(pulled)
    place = 0
    for path, size in zip(arrived, sizes, strict=True):
        piece = data[place : place + size]
        contents[path] = _proved(piece, size_bytes=size, sha256=hashes[path], serial=serial, path=path)
        place += size
    if place != len(data):
        raise TransportError(f"{serial}: {', '.join(arrived)} came with {len(data) - place} bytes too many. Try again.")
    return FilesRead(contents=contents, hashes={path: hashes.get(path) for path in hashed})


def _unreadable(end: ShellEnd, paths: Sequence[str], *, serial: str) -> str:
    """Return why an answer could not be taken: in the device's words where it has any."""
    said = end.stderr.decode("utf-8", "replace").strip().splitlines()
    if said:
        if lack := lacking_tool(said[-1]):
            return f"{serial}: could not read {paths[0]}: {lack}"
        words = said[-1].strip().rstrip(".")
    elif end.stdout:
        words = f"the device printed {end.stdout[:80].decode('utf-8', 'replace')!r}"
    else:
        words = f"the device printed nothing (exit status {end.exit_code})"
    shown = ", ".join(paths[:MOST_NAMED]) + (f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else "")
    return f"{serial}: could not read {shown}: {words}. Try again; if it stays so, restart the device."


def _size(printed: bytes) -> int | None:
    return whole(printed.decode("ascii", "replace").strip())


def _proved(data: bytes, *, size_bytes: int, sha256: str | None, serial: str, path: str) -> bytes:
    """Return what arrived of a file if it is the file.

    Raises:
        TransportError: it is not.
    """
    found = hashlib.sha256(data).hexdigest()
    if len(data) != size_bytes or found != sha256:
        raise TransportError(
            f"{serial}: {path} arrived as {len(data)} bytes with SHA-256 {found}, but on the device it has "
            f"{size_bytes} bytes with {sha256}; it changed meanwhile, or the way to the device damages data. Try again."
        )
    return data
