"""The commands of emulated phones, as one folder for all phones of a farm: it is every phone's /system/bin.

A stand-in for one of Android's own commands is a text of `standins/`; whatever else Android shares with its hosts
(`cat`, `ls`, `sha256sum`, …) is a link to the host's. What differs from phone to phone is read from the phone's
`variables`, found by the path that the command was called by: `/system/bin/NAME`, or `FOLDER/system/bin/NAME`.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mbench.emulator.phone.facts import PhoneFacts
from mbench.emulator.phone.views import HOST_VIEW, STATE, View, host_shell
from mbench.emulator.processes.request_pipes import COUNT

_HERE = Path(__file__).resolve().parent
_HOST_PATH = "/usr/bin:/usr/sbin"

TOOLS = "system/bin/.mbench"
"""Where, on a phone, commands lie that are not Android's and not on PATH."""

_SHOWN_MASKS = ("sh", "awk", "cat", "grep", "head", "sed")
"""Commands that, below taskset, see its cores in /proc/self/status."""

_HOST_COMMANDS = (
    *("[", "awk", "base64", "basename", "cat", "chgrp", "chmod", "chown", "cksum", "cmp", "comm", "cp", "cut"),
    *(
        "dd",
        "diff",
        "dirname",
        "du",
        "echo",
        "egrep",
        "env",
        "expand",
        "expr",
        "false",
        "fgrep",
        "file",
        "find",
        "flock",
    ),
    *(
        "fold",
        "fsync",
        "getconf",
        "grep",
        "groups",
        "gunzip",
        "gzip",
        "head",
        "hostname",
        "install",
        "kill",
        "ln",
        "ls",
    ),
    *("md5sum", "mkdir", "mkfifo", "mktemp", "more", "mv", "nice", "nl", "nohup", "od", "paste", "patch", "printenv"),
    *("printf", "pwd", "readlink", "realpath", "renice", "rm", "rmdir", "sed", "seq", "setsid", "sha1sum", "sha224sum"),
    *(
        "sha256sum",
        "sha384sum",
        "sha512sum",
        "sleep",
        "sort",
        "split",
        "stat",
        "stty",
        "strings",
        "sync",
        "tac",
        "tail",
    ),
    *("tar", "tee", "test", "time", "timeout", "touch", "tr", "true", "truncate", "tty", "uniq", "unlink", "usleep"),
    *("wc", "xargs", "xxd", "yes", "zcat"),
)
"""Of Android's toybox, what a host usually has too; their words are the host's, not toybox'."""

_OPENING = """\
#!{shell}
P=${{0%%/system/bin/*}}
. "$P/{state}/variables"
"""


class Commands:
    """The folders that phones have as /system/bin: one with su and one without, each made when first wanted."""

    def __init__(self, folder: Path, *, namespace: bool) -> None:
        self._folder, self._namespace = folder, namespace
        self._made: dict[bool, Path] = {}

    def folder(self, *, rooted: bool) -> Path:
        """Return the folder for phones with or without su."""
        if rooted not in self._made:
            self._made[rooted] = self._make(self._folder / ("rooted" if rooted else "user"), rooted=rooted)
        return self._made[rooted]

    def _make(self, folder: Path, *, rooted: bool) -> Path:
        tools = folder / Path(TOOLS).name
        (tools / "pinned").mkdir(parents=True)
        for name in _HOST_COMMANDS:
            if (found := host_command(name)) is not None:
                (folder / name).symlink_to(found)
        for source in sorted((_HERE / "standins").glob("*.sh")):
            if (source.stem != "su" or rooted) and (source.stem != "sh" or not self._namespace):
                self._install(source, folder / source.stem)
        inside = _HERE / "inside"
        self._install(inside / "benchmark.sh", folder / "mbench-benchmark")
        self._install(inside / "ask.sh", tools / "ask")
        for name in ("lines", "processes", "benchmark"):  # for commands that go on in them
            (tools / name).write_text((inside / f"{name}.sh").read_text(encoding="utf-8"))
        if self._namespace:
            (folder / "sh").symlink_to(host_command("dash") or "/usr/bin/sh")
            for name in _SHOWN_MASKS:
                self._install(inside / "pinned_command.sh", tools / "pinned" / name)
        return folder

    def _install(self, source: Path, target: Path) -> None:
        shell = "/system/bin/sh" if self._namespace else host_shell()
        target.unlink(missing_ok=True)
        target.write_text(_OPENING.format(shell=shell, state=STATE) + source.read_text(encoding="utf-8"))
        target.chmod(0o755)


def install_enoexec(root: Path) -> None:
    """Write a phone's /bin/sh, which is given what the kernel does not execute."""
    (root / "bin").mkdir()
    path = root / "bin/sh"
    path.write_text("#!/system/bin/sh\n" + (_HERE / "inside/enoexec.sh").read_text(encoding="utf-8"))
    path.chmod(0o755)


def format_variables(facts: PhoneFacts, view: View, phone_id: str) -> str:
    """Return the shell text that tells commands which phone they are on."""
    values: Mapping[str, str] = {
        "S": view.state,
        "T": f"{view.prefix}/{TOOLS}",
        "ID": phone_id,
        "SDK": str(facts.sdk),
        "CORES": str(len(facts.cores)),
        "KERNEL": facts.kernel,
        "MACHINE": "aarch64" if "64" in facts.abis[0] else "armv8l",
        "MEMORY_KIB": str(facts.memory_kib),
        "ABIS": " ".join(facts.abis),
        "ENTER": f"{host_command('chroot') or 'chroot'} /{HOST_VIEW}" if view.namespace else "",
        "HOOK": "/.mbench" if view.namespace else f"{view.folder}/{STATE}",
        "PYTHON": sys.executable,
        "PROGRAM": str(_HERE.parent / "processes/benchmark_process.py"),
        "OWN_STORAGE": "yes" if facts.own_storage and view.namespace else "",
        "INVENTED": "" if facts.synthetic is None else "yes",
        "LINES_THERE": str(COUNT),
        "DASH": "yes" if Path(host_command("dash") or view.shell).name == "dash" else "",
        "EXPRESSION": "" if view.namespace else view.rewriting_expression(),
        "SHELL_PATH": host_shell(),
        "HOST_DATE": host_command("date") or "date",
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


@cache
def host_command(name: str) -> str | None:
    """Return a command's path below /usr, where the phone's root has it too; any path where nothing is mounted."""
    found = shutil.which(name, path=_HOST_PATH) or shutil.which(name)
    if found is None:
        return None
    path = Path(found)
    if path.is_symlink() and str(path.readlink()).startswith("/etc/"):  # Debian's alternatives
        return str(path.resolve())
    return found
