"""Lays out a phone's folder, Android's directories and the phone's own files, and finds paths in it."""

import errno
import os
import shlex
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mbench.emulator.phone import android_files
from mbench.emulator.phone.android_files import Conditions
from mbench.emulator.phone.commands import format_variables, install_enoexec
from mbench.emulator.phone.facts import PhoneFacts, new_boot_id
from mbench.emulator.phone.views import HOST_VIEW, PROC_FILES, STATE, View
from mbench.emulator.processes.request_pipes import make_pipes
from mbench.files.whole import write_whole

_LINKS = 40


class PhoneFolder:
    """The folder of one phone, made when it is built and removed with `remove`.

    Attributes:
        view: how the phone's commands see it.
        facts: what the phone says of itself, from its next start on.
    """

    def __init__(self, root: Path, facts: PhoneFacts, commands: Path, *, namespace: bool, phone_id: str) -> None:
        self.root, self.facts, self._phone_id = root, facts, phone_id
        self._commands = commands
        self.view = View(root, commands, namespace=namespace)
        self.state = root / STATE
        self._storage = root / "data/local"

    def build(self, conditions: Conditions) -> None:
        """Write everything."""
        self._make_directories()
        self._write_state(conditions)
        make_pipes(self.state)
        self._write_proc()
        self._write_cpus(conditions)
        (self.state / "variables").write_text(format_variables(self.facts, self.view, self._phone_id))
        if self.view.namespace:
            install_enoexec(self.root)
        else:
            (self.root / "system/bin").rmdir()
            (self.root / "system/bin").symlink_to(self._commands)
        for path in ("data", "data/local", "storage/emulated", "system", ""):
            (self.root / path).chmod(0o555)

    def storage_moved(self) -> None:
        """Take note that /data/local is now a file system that only the phone's processes have mounted."""
        first_process = int((self.state / "init").read_text())
        self._storage = Path(f"/proc/{first_process}/root/data/local")
        (self._storage / "tmp").chmod(0o771)

    def locate(self, path: str, *, follow: bool = True) -> Path:
        """Return where a path of the phone lies; symbolic links are the phone's, and nothing leads out of the folder.

        Raises:
            OSError: a directory on the way is missing or is none, or the links go in circles.
        """
        done, todo, links = self.root, [part for part in path.split("/") if part], 0
        while todo:
            part = todo.pop(0)
            if part == ".":
                continue
            if part == "..":
                done = self._parent(done)
                continue
            here = done / part
            if here == self.root / "system/bin":
                done = self._commands
                continue
            if here == self.root / "data/local":
                done = self._storage
                continue
            if here.is_symlink() and (follow or todo):
                links += 1
                if links > _LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                goal = str(here.readlink())
                done = self.root if goal.startswith("/") else done
                todo = [part for part in goal.split("/") if part] + todo
                continue
            if todo and here.exists() and not here.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            done = here
        return done

    def _parent(self, folder: Path) -> Path:
        if folder == self._commands:
            return self.root / "system"
        if folder == self._storage:
            return self.root / "data"
        return folder if folder == self.root else folder.parent

    def writable(self, folder: Path) -> bool:
        """Whether the shell user may make files in a folder: its owner's bit, also where this process is root."""
        return not folder.is_relative_to(self._commands) and bool(folder.stat().st_mode & stat.S_IWUSR)

    def write_property_files(self, *, boot_completed: bool) -> None:
        """Write getprop's values anew; what setprop has changed is forgotten, but for persist.*."""
        path = self.state / "props"
        kept = [line for line in _lines(path) if line.startswith("persist.")]
        text = android_files.format_properties(self.facts, boot_completed=boot_completed)
        _replace(path, text + "".join(f"{line}\n" for line in kept))
        _replace(self.state / "setprops", "")

    def write_conditions(self, conditions: Conditions) -> None:
        """Write what depends on heat and battery."""
        texts = {
            "battery": android_files.format_battery(self.facts, conditions),
            "thermal": android_files.format_thermal(self.facts, conditions),
        }
        for name, text in texts.items():
            _replace(self.state / name, text)
            _replace(self.state / f"{name}.said", f"printf %s {shlex.quote(text)}\n")
        readings = android_files.zone_celsius(self.facts, conditions)
        for number, celsius in enumerate(readings.values()):
            _rewrite(self.root / f"sys/class/thermal/thermal_zone{number}/temp", f"{round(celsius * 1000)}\n")
        for cluster in self.facts.clusters:
            policy = self.root / f"sys/devices/system/cpu/cpufreq/policy{cluster.cores[0]}"
            for name, text, _ in android_files.frequency_files(cluster, conditions):
                if name in {"scaling_max_freq", "scaling_cur_freq"}:
                    _rewrite(policy / name, text)

    def start_anew(self) -> None:
        """Be as after a start: another boot_id, no runtime properties, kernel settings at their defaults."""
        _rewrite(self.root / "proc/sys/kernel/random/boot_id", f"{new_boot_id()}\n")
        _replace(self.state / "boot_time", f"{int(time.time())}\n")
        _replace(self.state / "awake", "Awake\n")
        self._write_user(locked=(self.state / "pin").exists())
        for name in ("battery.stopped", "thermal.override", "fixed_performance"):
            (self.state / name).unlink(missing_ok=True)
        for left in (self.state / "lines").glob("*.taken"):
            left.unlink()
        for folder in ("status", "masks"):
            shutil.rmtree(self.state / folder, ignore_errors=True)
            (self.state / folder).mkdir()
        self.write_governors("schedutil")

    def write_governors(self, name: str) -> None:
        """Give every cluster a governor."""
        for cluster in self.facts.clusters:
            policy = self.root / f"sys/devices/system/cpu/cpufreq/policy{cluster.cores[0]}"
            _rewrite(policy / "scaling_governor", f"{name}\n")

    def hide(self, service: str, *, hidden: bool) -> None:
        """Let a service of Android's be missing, or be there again."""
        mark = self.state / f"hidden.{service}"
        mark.touch() if hidden else mark.unlink(missing_ok=True)

    def write_lock(self, *, locked: bool) -> None:
        """Give the phone a PIN that nobody has entered since its start, or enter it."""
        if locked:
            (self.state / "pin").touch()
        self._write_user(locked=locked)

    def write_setting(self, space: str, name: str, value: str) -> None:
        """Give a setting of Android's a value, as `settings put` does."""
        path = self.state / "settings" / space
        kept = [line for line in _lines(path) if not line.startswith(f"{name}=")]
        _replace(path, "".join(f"{line}\n" for line in (*kept, f"{name}={value}")))

    def write_clock(self, ahead_s: int) -> None:
        """Tell date how far the phone's wall clock is ahead of this host's."""
        _replace(self.state / "clock_ahead", f"{ahead_s}\n")

    def write_storage(self, free_bytes: int | None) -> None:
        """Tell df the size of /data, and how much of it is left where that is limited."""
        limit = "" if free_bytes is None else str(free_bytes // 1024)
        _replace(self.state / "storage", f"{self.facts.storage_bytes // 1024} {limit}\n")

    def remove(self) -> None:
        """Remove it all."""
        for path, _, _ in os.walk(self.root):
            with suppress(OSError):
                Path(path).chmod(0o700)
        shutil.rmtree(self.root, ignore_errors=True)

    def _write_user(self, *, locked: bool) -> None:
        _replace(self.state / "user_state", "RUNNING_LOCKED\n" if locked else "RUNNING_UNLOCKED\n")

    def _make_directories(self) -> None:
        self.root.mkdir(parents=True)
        for path in (
            *(
                "data/local/tmp",
                "storage/emulated/0/Download",
                "system/bin",
                "system/etc",
                "vendor/lib64",
                "dev",
                "usr",
            ),
            *("proc/sys/kernel/random", "sys/class/thermal", "sys/devices/system/cpu", "sys/devices/virtual/thermal"),
            *(f"{STATE}/settings", f"{STATE}/proc", f"{STATE}/status", f"{STATE}/masks", HOST_VIEW),
        ):
            (self.root / path).mkdir(parents=True)
        (self.root / "sdcard").symlink_to("storage/emulated/0")
        (self.root / "etc").symlink_to("system/etc")
        for name in ("lib", "lib32", "lib64", "libx32"):
            if Path(f"/{name}").is_symlink():
                (self.root / name).symlink_to(f"usr/{name}")
            elif Path(f"/{name}").is_dir():
                (self.root / name).mkdir()
        (self.root / "data/local/tmp").chmod(0o771)
        (self.root / "system/etc/passwd").write_text("shell:x:0:0::/:/system/bin/sh\n")
        (self.root / "system/etc/group").write_text("shell:x:0:\n")

    def _write_state(self, conditions: Conditions) -> None:
        self.write_property_files(boot_completed=True)
        self.write_storage(None)
        self.write_clock(0)
        for name in ("system", "secure", "global"):
            (self.state / "settings" / name).write_text("")
        (self.state / "settings/global").write_text(
            "airplane_mode_on=0\nanimator_duration_scale=1.0\nlow_power=0\nstay_on_while_plugged_in=0\n"
        )
        (self.state / "settings/system").write_text("screen_brightness=102\nscreen_off_timeout=60000\n")
        zones = self.root / "sys/class/thermal"
        for number, zone in enumerate(self.facts.zones):
            (zones / f"thermal_zone{number}").mkdir()
            (zones / f"thermal_zone{number}/type").write_text(f"{zone.name}\n")

    def _write_proc(self) -> None:
        proc = self.root / "proc"
        (proc / "cpuinfo").write_text(android_files.format_cpuinfo(self.facts))
        (proc / "meminfo").write_text(android_files.format_meminfo(self.facts))
        (proc / "version").write_text(f"Linux version {self.facts.kernel} (build-user@build-host) #1 SMP PREEMPT\n")
        assert all((proc / name).parent.is_dir() for name in PROC_FILES)

    def _write_cpus(self, conditions: Conditions) -> None:
        cpus = self.root / "sys/devices/system/cpu"
        for name, text, writable in android_files.cpu_files(self.facts, conditions):
            path = cpus / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o644 if writable and self.facts.rooted else 0o444)
        for cluster in self.facts.clusters:
            for core in cluster.cores:
                (cpus / f"cpu{core}/cpufreq").symlink_to(f"../cpufreq/policy{cluster.cores[0]}")
        self.start_anew()
        self.write_conditions(conditions)


def _lines(path: Path) -> Iterator[str]:
    with suppress(FileNotFoundError):
        yield from path.read_text(encoding="utf-8").splitlines()


def _replace(path: Path, text: str) -> None:
    """Write a file that its readers see whole."""
    write_whole(path, text.encode(), fsync=False)


def _rewrite(path: Path, text: str) -> None:
    """Write into a file that is mounted elsewhere too, and so must stay the same; its mode as before."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o444
    if path.exists():
        path.chmod(mode | stat.S_IWUSR)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
