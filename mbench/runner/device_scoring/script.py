"""The POSIX sh scripts of scoring on a device: a loop of one process per example, and the end of one that was cut off.

The loop needs sh (mksh, dash, bash, busybox), dd, wc, cat, mkdir, rm and sleep; timeout where there is one. It leaves,
beside what the program writes:

    loop.pid       its own process id
    pid.txt        the program's process id, written by the very process before it becomes the program
    statuses.txt   one line per example that has been dealt with, written after all else of it: `17 0`
    answers.bin    output bytes of the examples whose status is 0, one after the other
    words.bin      the beginning of what the first failing process wrote to stderr

A line's second word is 0, the exit status of a process that failed, `size:N` where it ended well and its outputs have N
bytes, not those of the model, or `delegate` where other nodes were delegated than in the process that was looked at.
A line that is not ended by a newline was never written.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Final

from mbench.core.numbers.numerals import WHOLE
from mbench.runner.command import Command
from mbench.runner.script import FILE_LIMIT_BYTES, NO_DIRECTORY, PROCESS, STDERR, STDOUT, ours

STATUSES: Final = "statuses.txt"
ANSWERS: Final = "answers.bin"
WORDS: Final = "words.bin"
SLICE: Final = "x.bin"
"""One example's input, in the directory that the program is started in."""

ANSWERED: Final = "0"
DELEGATE: Final = "delegate"
NO_TEXT: Final = "text"
"""Status that only a process that is looked at gets: it ended well, and what it printed is not what it should be."""

NO_ROOM: Final = 112
"""Exit status of the loop: something could not be written, or not wholly."""
NO_SHARD: Final = 113
"""Exit status of the loop: the shard is not there."""
STUCK: Final = 114
"""Exit status of both scripts: a process is there still, although it was killed."""

_LOOP: Final = "loop.pid"
_WORDS_BYTES: Final = 4000
_BLOCK_BYTES: Final = 512  # of `ulimit -f` (POSIX)
_LINE = re.compile(rf"({WHOLE}) ({WHOLE}|size:{WHOLE}|delegate|text)")

_SLICE_TEMPLATE = r"""umask 077
mkdir -p {directory} && cd {directory} || exit {no_directory}
[ -r {shard} ] || exit {no_shard}
dd if={shard} of={slice} bs={row_bytes} skip={row} count=1 2>/dev/null || exit {no_room}
"""

_LOOP_TEMPLATE = r"""umask 077
mkdir -p {directory} && cd {directory} || exit {no_directory}
[ -r {shard} ] || exit {no_shard}
rm -f {statuses} {answers} {words}
true >{statuses} && true >{answers} && echo $$ >{loop} || exit {no_room}
ulimit -c 0 2>/dev/null
ulimit -f {blocks} 2>/dev/null
gone() {{
  kill -0 "$1" 2>/dev/null || return 0
  [ -r "/proc/$1/status" ] || return 1
  while read -r key value; do
    case "$key $value" in "State: Z"* | "State: X"*) return 0 ;; esac
  done <"/proc/$1/status"
  return 1
}}
set -- sh -c 'echo $$ >{process}; exec "$0" "$@"' {command}
if timeout -s KILL {deadline} true 2>/dev/null; then set -- timeout -s KILL {deadline} "$@"; fi
row={first}
while [ "$row" -lt {end} ]; do
  dd if={shard} of={slice} bs={row_bytes} skip=$((row - {base})) count=1 2>/dev/null || exit {no_room}
  true >{output} && true >{process} || exit {no_room}
  "$@" </dev/null >{stdout} 2>{stderr}
  status=$?
  pid=
  read -r pid <{process}
  if [ -n "$pid" ] && ! gone "$pid"; then
    kill -9 "$pid" 2>/dev/null
    sleep 1
    gone "$pid" || exit {stuck}
  fi
  if [ "$status" -eq 0 ]; then
    delegated=
    while IFS= read -r line; do
      case $line in *"Replacing "*" node(s) with delegate "*) delegated="$delegated${{line#*Replacing }};" ;; esac
    done <{stderr}
    size=$(wc -c <{output})
    [ "$((size))" -eq {answer_bytes} ] || status=size:$((size))
    [ "$status" != 0 ] || [ "$delegated" = {delegated} ] || status=delegate
  fi
  if [ "$status" = 0 ]; then
    cat {output} >>{answers} || exit {no_room}
  elif [ ! -s {words} ]; then
    dd if={stderr} of={words} bs={words_bytes} count=1 2>/dev/null
  fi
  echo "$row $status" >>{statuses} || exit {no_room}
  row=$((row + 1))
done
rm -f {loop} {process}
"""

_WITHIN = """if timeout -s KILL "$1" true 2>/dev/null; then exec timeout -s KILL "$1" sh -c "$2"; fi
exec sh -c "$2"
"""
"""Becomes a script, under a deadline where the device knows one."""

_END_TEMPLATE = r"""cd {directory} 2>/dev/null || exit 0
{ours}
for second in 1 2 3 4 5; do
  found=
  for file in {loop} {process}; do
    pid=
    [ ! -r "$file" ] || read -r pid <"$file"
    if [ -n "$pid" ] && ours "$pid"; then kill -9 "$pid" 2>/dev/null; found=1; fi
  done
  [ -n "$found" ] || exit 0
  sleep 1
done
exit {stuck}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOnDevice:
    """A file of inputs on the device.

    Attributes:
        path: where it lies, absolute.
        first, end: numbers of the example that it begins with, and of the one that it ends before.
        row_bytes: of one example.
    """

    path: str
    first: int
    end: int
    row_bytes: int


def slice_script(work_dir: str, shard: ShardOnDevice, example: int) -> str:
    """Return a script that makes a run's directory and puts one example's input into it."""
    return _SLICE_TEMPLATE.format(
        directory=_path(work_dir),
        shard=_path(shard.path),
        slice=SLICE,
        row_bytes=shard.row_bytes,
        row=example - shard.first,
        no_directory=NO_DIRECTORY,
        no_room=NO_ROOM,
        no_shard=NO_SHARD,
    )


def loop_argv(
    work_dir: str,
    command: Command,
    shard: ShardOnDevice,
    *,
    first: int,
    end: int,
    answer_bytes: int,
    delegated: str,
    deadline_s: int,
    total_s: int,
) -> tuple[str, ...]:
    """Return what lets the device answer the examples `first` to `end` (exclusive).

    Args:
        work_dir: the directory that it works in, which is made.
        command: the program and its arguments; its output file is `command.writes[0]`.
        shard: where the inputs lie.
        first: number of an example, which the shard holds.
        end: of the one to stop before.
        answer_bytes: of one example's outputs.
        delegated: what `delegated_nodes` says of a process that has been looked at.
        deadline_s: after so many seconds the device ends one process; its status is then 137, or 124.
        total_s: after so many seconds the device ends the loop.
    """
    text = _LOOP_TEMPLATE.format(
        directory=_path(work_dir),
        shard=_path(shard.path),
        slice=SLICE,
        row_bytes=shard.row_bytes,
        base=shard.first,
        first=first,
        end=end,
        output=_path(command.writes[0]),
        answer_bytes=answer_bytes,
        delegated=shlex.quote(delegated),
        command=" ".join(shlex.quote(word) for word in command.argv),
        deadline=deadline_s,
        blocks=FILE_LIMIT_BYTES // 2 // _BLOCK_BYTES,
        words_bytes=_WORDS_BYTES,
        statuses=STATUSES,
        answers=ANSWERS,
        words=WORDS,
        loop=_LOOP,
        process=PROCESS,
        stdout=STDOUT,
        stderr=STDERR,
        no_directory=NO_DIRECTORY,
        no_room=NO_ROOM,
        no_shard=NO_SHARD,
        stuck=STUCK,
    )
    return ("sh", "-c", _WITHIN, "sh", str(total_s), text)


def end_script(work_dir: str) -> str:
    """Return a script that kills a loop and its program where they are still there; `STUCK` where they do not die."""
    return _END_TEMPLATE.format(
        directory=_path(work_dir), ours=ours(work_dir), loop=_LOOP, process=PROCESS, stuck=STUCK
    )


def delegated_nodes(stderr: str) -> str:
    """Return what a process says of delegated nodes, put together as the loop does it.

    `VERBOSE: Replacing 29 out of 31 node(s) with delegate (X) node, yielding 4 partitions for subgraph 0.` gives
    `29 out of 31 node(s) … subgraph 0.;`
    """
    found = (line.partition("Replacing ")[2] for line in stderr.split("\n")[:-1])
    return "".join(f"{words};" for words in found if " node(s) with delegate " in words)


def parse_statuses(text: str, *, first: int) -> tuple[str, ...]:
    """Return the second words of the whole lines for the examples `first`, `first` + 1, …, as far as they go.

    What an earlier loop has left begins with another example and gives nothing.
    """
    statuses: list[str] = []
    for line in text.split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found is None or int(found[1]) != first + len(statuses):
            break
        statuses.append(found[2])
    return tuple(statuses)


def _path(path: str) -> str:
    """Return a quoted path that no command takes for an option."""
    return shlex.quote(path if path.startswith("/") else f"./{path}")
