"""How a phone's paths are seen by the commands that run on it.

A phone is a folder: `/data/local/tmp/x` is `FOLDER/data/local/tmp/x`, for adb's file transfer always. Its commands run
in this host's sh, and see the phone in one of two ways:

*namespace* (Linux that lets its users make user and mount namespaces). A command's root is the folder. There
    `/data`, `/sdcard`, `/storage`, `/system`, `/vendor`, `/sys`, `/etc` are the phone's; `/usr`, `/lib*`, `/dev` and
    `/proc` are the host's, but for cpuinfo, meminfo, version and boot_id. Any path in any text works, also in programs.
    benchmark_model alone is run by the host's Python in a second root: the host's own, with the phone's
    `/data/local`, `/sdcard` and `/storage` (and the host's /proc and /sys, by which the runtime finds out what the
    processor can do).

*rewrite* (elsewhere, or MBENCH_EMULATOR_VIEW=rewrite). The same names at the beginnings of paths are rewritten to the
    folder's in the command text, in `sh FILE` and in `sh -c TEXT`, by pattern: also in a text that merely speaks of
    them. Not mapped: paths made at run time from pieces (`p=/da; ls ${p}ta`), `#!/system/bin/sh` in a file that is
    run by its name, what commands print (`pwd`, `sha256sum` of an absolute path), which shows the folder, and `/` by
    itself, which is the host's. /sdcard is not noexec.

Neither confines: a phone's commands are the user's own processes and see the host's process ids; a pushed program
could do whatever its user can. CPU masks of `taskset` are checked against the phone's cores, applied to the host's
(pinning.py), and the phone's cores are shown in `/proc/PID/status` of the command and of the shells below it; what
else stands there is then as it was when the mask was set. (In the rewriting view that is so for scripts run by `sh`.)
The first process of a phone, which applies them, hears of their ends by pidfd_open(2): Linux 5.3 or later. An ELF
file for another machine is refused with status 126, in the words of the host's sh; in the rewriting view, an old dash
takes it for a script.
"""

import re
import shutil
from pathlib import Path
from typing import Final

HOST_VIEW: Final = "mnt/host"
STATE: Final = "mnt/mbench"
PROC_FILES: Final = ("cpuinfo", "meminfo", "version", "sys/kernel/random/boot_id")

_PHONES_OWN: Final = ("data", "sdcard", "storage", "system", "vendor", "sys", "mnt/mbench")
_LIBRARIES: Final = ("lib", "lib32", "lib64", "libx32")
_BEFORE = r"(^|[^A-Za-z0-9_./}*?-])"
_AFTER = r"(/|[^A-Za-z0-9_.-]|$)"
_NAMES = "|".join([*_PHONES_OWN, *(f"proc/{name}" for name in PROC_FILES)])
_PATH = re.compile(f"{_BEFORE}/(?:{_NAMES})(?={_AFTER})", re.MULTILINE)

ANDROID_VARIABLES: Final = {
    "ANDROID_BOOTLOGO": "1",
    "ANDROID_ROOT": "/system",
    "ANDROID_DATA": "/data",
    "ANDROID_STORAGE": "/storage",
    "EXTERNAL_STORAGE": "/sdcard",
    "HOME": "/",
    "HOSTNAME": "localhost",
    "LANG": "C.UTF-8",
    "LOGNAME": "shell",
    "SHELL": "/bin/sh",
    "TMPDIR": "/data/local/tmp",
    "USER": "shell",
}


class View:
    """How one phone's commands see its folder."""

    def __init__(self, folder: Path, commands: Path, *, namespace: bool) -> None:
        self.folder, self.namespace = folder, namespace
        self._commands = commands
        self.prefix = "" if namespace else str(folder)
        self.state = f"{self.prefix}/{STATE}"
        self.shell = "/system/bin/sh" if namespace else host_shell()
        self.cwd = "/" if namespace else str(folder)

    def argv(self, command: str) -> list[str]:
        """Return what runs a command text; an empty one is an interactive shell."""
        if not command:
            return [self.shell]
        return [self.shell, "-c", self.text(command)]

    def text(self, text: str) -> str:
        """Return a shell text with the phone's paths as its commands see them."""
        if self.namespace:
            return text
        return _PATH.sub(self._mapped, text)

    def environment(self, phone_id: str, *, term: str | None) -> dict[str, str]:
        """Return a command's variables."""
        variables = dict(ANDROID_VARIABLES)
        if not self.namespace:
            for name in ("ANDROID_ROOT", "ANDROID_DATA", "ANDROID_STORAGE", "EXTERNAL_STORAGE", "TMPDIR"):
                variables[name] = self.prefix + variables[name]
            variables["MBENCH_BENCHMARK"] = f"{self.prefix}/system/bin/mbench-benchmark"
        variables |= {"PATH": f"{self.prefix}/system/bin", "MBENCH_PHONE": phone_id}
        if term is not None:
            variables["TERM"] = term
        return variables

    def steps(self, *, storage_bytes: int | None = None) -> list[tuple[str, ...]]:
        """Return the mounts that make the view; see `namespaces.take_steps`.

        Args:
            storage_bytes: size of a file system of its own for /data/local; None: it is of the folder.
        """
        if not self.namespace:
            return []
        local = f"{self.folder}/data/local"
        own = [("tmpfs", local, f"size={storage_bytes},mode=555"), ("mkdir", f"{local}/tmp")] if storage_bytes else []
        return [*own, *self._host_view(), *self._root()]

    def rewriting_expression(self) -> str:
        """Return the sed expression (extended) that does what `text` does."""
        prefix = re.sub(r"([\\&\x01])", r"\\\1", self.prefix)
        names = _NAMES.replace(".", r"\.")
        # Twice: sed takes the character behind a path for the one before the next. Its delimiter is none of a text's.
        once = f"s\x01{_BEFORE}/({names}){_AFTER}\x01\\1{prefix}/\\2\\3\x01g"
        return f"{once};{once}"

    def _mapped(self, found: re.Match[str]) -> str:
        before = found[1]
        return f"{before}{self.prefix}{found[0][len(before) :]}"

    def _root(self) -> list[tuple[str, ...]]:
        root = str(self.folder)
        steps: list[tuple[str, ...]] = [
            ("rbind", "/usr", f"{root}/usr"),
            ("rbind", "/dev", f"{root}/dev"),
            ("bind", str(self._commands), f"{root}/system/bin"),
        ]
        for name in _LIBRARIES:
            if Path(f"/{name}").is_dir() and not Path(f"/{name}").is_symlink():
                steps.append(("rbind", f"/{name}", f"{root}/{name}"))
        steps += [
            ("bind", f"{root}/storage", f"{root}/storage"),
            ("noexec", f"{root}/storage"),
            ("bind", f"{root}/proc", f"{root}/{STATE}/proc"),
            ("rbind", "/proc", f"{root}/proc"),
        ]
        steps += [("bind", f"{root}/{STATE}/proc/{name}", f"{root}/proc/{name}") for name in PROC_FILES]
        return steps

    def _host_view(self) -> list[tuple[str, ...]]:
        """A root of the host's own directories, which the phone's data are laid over."""
        view = f"{self.folder}/{HOST_VIEW}"
        steps: list[tuple[str, ...]] = [("tmpfs", view)]
        for name in _listed(Path("/")):
            steps += _shown(f"/{name}", f"{view}/{name}", leave_out={"/data/local", "/sdcard", "/storage"})
        for name in ("data/local", "storage"):
            steps += [("mkdir", f"{view}/{name}"), ("rbind", f"{self.folder}/{name}", f"{view}/{name}")]
        steps += [("symlink", "storage/emulated/0", f"{view}/sdcard"), ("mkdir", f"{view}/.mbench")]
        return [*steps, ("bind", f"{self.folder}/{STATE}", f"{view}/.mbench")]


def _shown(source: str, target: str, *, leave_out: set[str]) -> list[tuple[str, ...]]:
    path = Path(source)
    if source in leave_out:
        return []
    if path.is_symlink():
        return [("symlink", str(path.readlink()), target)]
    if not path.is_dir():
        return []
    if any(Path(hidden).parent == path != Path("/") for hidden in leave_out):
        inside = [_shown(f"{source}/{name}", f"{target}/{name}", leave_out=leave_out) for name in _listed(path)]
        return [("mkdir", target), *(step for steps in inside for step in steps)]
    return [("mkdir", target), ("rbind", source, target)]


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def host_shell() -> str:
    """Return this host's POSIX shell: dash where there is one, as it is the quickest."""
    return shutil.which("dash", path="/usr/bin:/bin") or "/bin/sh"
