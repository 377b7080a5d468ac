"""The small POSIX sh script that makes one run on the device, so that the cable carries nothing while the clock runs.

It needs sh (mksh, dash, bash, busybox), rm, mkdir and sleep; timeout where there is one. It starts no program that it
can do without: each costs a phone milliseconds. It leaves these files:

    cpus.txt      cores that it may use, as the kernel writes them (`4-7`); no file where there is no /proc
    pid.txt       the program's process id, written by the very process before it becomes the program
    out.txt       its standard output
    err.txt       its standard error
    leftover.txt  its process id, where it was still there after its end and had to be killed; `stays` after it where
                  it could not be
    times.txt     CPU time of the shell and of all that it waited for, as POSIX' `times` writes it
    rc.txt        its exit status as the shell says it, a line, written last: without its end the run was aborted
"""

import math
import re
import shlex
from collections.abc import Sequence
from typing import Final

from mbench.core.delegates import Delegate
from mbench.core.processes.run_marks import mark
from mbench.core.workloads import RunSettings

STDOUT: Final = "out.txt"
STDERR: Final = "err.txt"
EXIT_CODE: Final = "rc.txt"
PROCESS: Final = "pid.txt"
AFFINITY: Final = "cpus.txt"
LEFTOVER: Final = "leftover.txt"
CPU_TIMES: Final = "times.txt"

NO_DIRECTORY: Final = 111
"""Exit status of the script: its directory cannot be entered or written."""

STAYS: Final = 112
"""Exit status of the script that ends a run: the program does not die."""

FILE_LIMIT_BYTES: Final = 128 << 20
"""No file that a run writes is larger: the script sets a limit of half of it, in a unit that some shells double."""

INIT_ALLOWANCE_S: Final = 60.0
ACCELERATED_INIT_ALLOWANCE_S: Final = 180.0
"""A GPU or NPU compiles the whole graph before the first inference."""
_MARGIN_S = 10.0
_LATE_MARGIN_S = 10.0
_USUAL_FACTOR = 1.5
_PHASES = 2

_CPU_TIME = re.compile(r"\b([0-9]{1,9})m([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
_BLOCK_BYTES = 512  # of `ulimit -f` (POSIX)

_GONE = r"""gone() {
  kill -0 "$1" 2>/dev/null || return 0
  [ -r "/proc/$1/status" ] || return 1
  while read -r key value; do
    case "$key $value" in "State: Z"* | "State: X"*) return 0 ;; esac
  done <"/proc/$1/status"
  return 1
}"""
"""A process that is dead and was not waited for yet counts as gone."""

_OURS = r"""ours() {{
  if [ -r "/proc/$1/environ" ]; then grep -qsF {mark} "/proc/$1/environ"; return; fi
  case "$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)" in *{directory}/*) return 0 ;; esac
  return 1
}}"""
"""A number is another process' after a restart, or soon on a busy device: ours bears our mark.

The mark is described in core/processes/run_marks.py. Where environments cannot be read, our directory in the command
line is what is left to go by.
"""

_TEMPLATE = r"""umask 077
if cd {directory} 2>/dev/null; then rm -f {old}; else mkdir -p {directory} && cd {directory} || exit {no_directory}; fi
true >{stdout} || exit {no_directory}
ulimit -f {blocks} 2>/dev/null
if [ -r /proc/self/status ]; then
  while read -r key value; do
    case $key in Cpus_allowed_list:) echo "$value" >{affinity} ;; esac
  done </proc/self/status
fi
{gone}
set -- sh -c 'echo $$ >{process}; exec "$0" "$@"' {command}
timeout -s KILL {deadline} "$@" </dev/null >{stdout} 2>{stderr}
status=$?
if [ "$status" -ne 0 ] && [ ! -e {process} ]; then # a timeout that is not there, or takes other words, starts nothing
  "$@" </dev/null >{stdout} 2>{stderr}
  status=$?
fi
pid=
[ -r {process} ] && read -r pid <{process}
if [ -n "$pid" ]; then
  for second in 1 2 3 4 5; do
    gone "$pid" && break
    echo "$pid" >{leftover}
    kill -9 "$pid" 2>/dev/null
    sleep 1
  done
  gone "$pid" || echo "$pid stays" >{leftover}
fi
times >{times} 2>/dev/null
echo "$status" >{exit_code}
"""

_END_TEMPLATE = r"""cd {directory} 2>/dev/null || exit 0
[ -s {exit_code} ] && exit 0
[ -r {process} ] || exit 0
read -r pid <{process} || exit 0
{gone}
{ours}
ours "$pid" || exit 0
for second in 1 2 3 4 5; do
  kill -9 "$pid" 2>/dev/null
  gone "$pid" && exit 0
  sleep 1
done
echo "process $pid could not be ended"
exit {stays}
"""


def device_script(work_dir: str, argv: Sequence[str], *, deadline_s: float, removes: Sequence[str] = ()) -> str:
    """Return the script of one run.

    Args:
        work_dir: the run's own directory, which the script makes.
        argv: the program and its arguments; every one stays one argument and is never looked at by a shell.
        deadline_s: after so many seconds the device itself kills the program; status 137, or 124.
        removes: files of an earlier run in `work_dir`, besides the script's own, that must not be there before.
    """
    old = [STDOUT, STDERR, EXIT_CODE, PROCESS, AFFINITY, LEFTOVER, CPU_TIMES]
    return _TEMPLATE.format(
        directory=_path(work_dir),
        no_directory=NO_DIRECTORY,
        gone=_GONE,
        old=" ".join([*old, *(_path(path) for path in removes)]),
        blocks=FILE_LIMIT_BYTES // 2 // _BLOCK_BYTES,
        command=" ".join(shlex.quote(word) for word in argv),
        deadline=math.ceil(deadline_s),
        stdout=STDOUT,
        stderr=STDERR,
        exit_code=EXIT_CODE,
        process=PROCESS,
        affinity=AFFINITY,
        leftover=LEFTOVER,
        times=CPU_TIMES,
    )


def end_script(work_dir: str) -> str:
    """Return a script that kills the program of a run that did not come to its end.

    It is the process of the recorded number, if that bears the mark of this very directory. The script ends with
    `STAYS`, and says so, where the program does not die.
    """
    return _END_TEMPLATE.format(
        directory=_path(work_dir), exit_code=EXIT_CODE, process=PROCESS, gone=_GONE, ours=ours(work_dir), stays=STAYS
    )


def ours(work_dir: str) -> str:
    """Return the shell function `ours PID`: whether a process works for the run in `work_dir`."""
    return _OURS.format(mark=shlex.quote(mark(work_dir)), directory=shlex.quote(work_dir.rstrip("/")))


def parse_exit_code(line: bytes | None) -> int | None:
    """Return the exit status of `137` and the line's end; None where there is none, or only a part of it."""
    return int(line) if line is not None and re.fullmatch(rb"\d{1,18}\r?\n", line) else None


def parse_cpu_s(times: str) -> float | None:
    """Return the seconds of `0m0.01s 0m0.00s` (the shell) and `0m2.91s 0m0.13s` (what it waited for), all together."""
    found = _CPU_TIME.findall(times)
    return sum(60 * int(minutes) + float(seconds) for minutes, seconds in found) if len(found) == 4 else None


def deadline_s(settings: RunSettings, *, init_allowance_s: float = INIT_ALLOWANCE_S) -> float:
    """Return the seconds after which a run hangs.

    Each of the two phases ends within `max_secs` and the inference that is then under way; for the latter and the
    process' own start and end there is a margin besides the allowance for loading and preparing the model.
    """
    return init_allowance_s + _PHASES * settings.max_secs + _MARGIN_S


def late_s(settings: RunSettings, *, usual_s: float | None) -> float:
    """Return the seconds after which a run is late: a sign of life of its device is then worth its trouble.

    That is what the settings ask for at least, or half as much again as the longest such run took, and a margin.
    """
    asked_s = settings.warmup_min_secs + settings.min_secs
    return max(asked_s, _USUAL_FACTOR * (usual_s or 0.0)) + _LATE_MARGIN_S


def init_allowance_s(delegate: Delegate) -> float:
    """Return the seconds that loading and preparing a model may take."""
    return ACCELERATED_INIT_ALLOWANCE_S if delegate.accelerated else INIT_ALLOWANCE_S


def _path(path: str) -> str:
    """Return a quoted path that no command takes for an option."""
    return shlex.quote(path if path.startswith("/") else f"./{path}")
