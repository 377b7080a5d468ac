"""User and mount namespaces, through the C library: what `unshare`, `mount` and `chroot` do, for `init_process.py`."""

import ctypes
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE, _MS_RELATIME = 32, 4096, 16384, 1 << 18, 1 << 21
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 4, 24, 36
_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: without them a file's mode binds its owner and root too."""

_libc = ctypes.CDLL(None, use_errno=True)


def enter_user_namespace() -> None:
    """Become root of a user namespace with a mount namespace of its own.

    Raises:
        OSError: this system does not let its users.
    """
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)


def enter_mount_namespace() -> None:
    """Have mounts of one's own."""
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")


def probe_namespaces() -> str | None:
    """Return why namespaces cannot be used here, None if they can; tried in a child, whose death costs nothing."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            enter_user_namespace()
            _mount("none", "/proc/sys", "tmpfs", 0)
            os.chroot("/")
        except OSError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    reason = os.read(reader, 1000).decode()
    os.close(reader)
    os.waitpid(pid, 0)
    return reason or None


def take_steps(steps: Iterable[Sequence[str]]) -> None:
    """Mount and make what a view (views.py) asks for, in its order.

    Raises:
        OSError: one of them failed.
    """
    for kind, *words in steps:
        match kind:
            case "tmpfs":
                _mount("none", words[0], "tmpfs", 0, words[1] if words[1:] else None)
            case "mkdir":
                Path(words[0]).mkdir(parents=True, exist_ok=True)
            case "symlink":
                Path(words[1]).symlink_to(words[0])
            case "bind":
                _mount(words[0], words[1], None, _MS_BIND)
            case "rbind":
                _mount(words[0], words[1], None, _MS_BIND | _MS_REC)
            case "noexec":
                _forbid_execution(words[0])


def bind(source: str, target: str) -> None:
    """Show a file or folder at another place too.

    Raises:
        OSError: it could not be mounted.
    """
    _mount(source, target, None, _MS_BIND)


def resize_tmpfs(path: str, size_bytes: int) -> None:
    """Give a file system in memory another size.

    Raises:
        OSError: it holds more.
    """
    _mount("none", path, "tmpfs", _MS_REMOUNT, f"size={size_bytes}")


def drop_capabilities() -> None:
    """Let file modes bind this process and its children; where it has no such right, they do already."""
    for capability in _CAPABILITIES:
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def let_be_seen() -> None:
    """Let the user who started this process see its files by /proc/PID/root, which new credentials have forbidden."""
    _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def become_subreaper() -> None:
    """Be the parent of every orphan among one's descendants."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _forbid_execution(path: str) -> None:
    """Remount noexec; flags that the host's mount has are kept, as a user namespace may not take them away."""
    have = os.statvfs(path).f_flag
    flags = have & (os.ST_RDONLY | os.ST_NOSUID | os.ST_NODEV | os.ST_NOATIME | os.ST_NODIRATIME) | os.ST_NOEXEC
    _mount("none", path, None, flags | _MS_BIND | _MS_REMOUNT | (_MS_RELATIME if have & os.ST_RELATIME else 0))


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = (source.encode(), target.encode(), kind.encode() if kind else None)
    _check(
        _libc.mount(*words, ctypes.c_ulong(flags), options.encode() if options else None),
        f"mount {source} on {target}",
    )


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
