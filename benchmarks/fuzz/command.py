"""The command line of `python -m benchmarks fuzz`."""

import argparse
import secrets
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.fuzz.reader import Reader
from benchmarks.fuzz.searching import search
from benchmarks.fuzz.watching import Bounds, Watched

CATALOGUE: Final = "benchmarks.fuzz.catalogue"


def main(arguments: Sequence[str], *, catalogue: str = CATALOGUE, bounds: Bounds | None = None) -> int:
    """Search, or read one input again; return 0 where nothing was found, 1 where something was, 2 for wrong usage.

    Args:
        arguments: as typed behind `fuzz`.
        catalogue: the module whose `READERS` are searched.
        bounds: what reading one input may take.
    """
    readers: Sequence[Reader] = import_module(catalogue).READERS
    asked = _parser(readers).parse_args(arguments)
    chosen = [reader for reader in readers if not asked.reader or reader.name in asked.reader]
    bounds = bounds or Bounds()
    with Watched(catalogue, bounds) as watched:
        if asked.input is not None:
            return _again(chosen, watched, asked.input)
        print(f"seed {asked.seed}", flush=True)
        began_s = time.monotonic()
        found = search(
            chosen,
            watched,
            seed=asked.seed,
            seconds=asked.seconds,
            folder=asked.findings or Path(tempfile.gettempdir()) / f"mbench-fuzz-{asked.seed}",
            said=lambda line: print(line, flush=True),
        )
    print(f"{len(chosen)} readers in {time.monotonic() - began_s:.0f} s, seed {asked.seed}: {len(found)} findings")
    for finding in found:
        print(finding)
    return 1 if found else 0


def _again(chosen: Sequence[Reader], watched: Watched, path: Path) -> int:
    data = path.read_bytes()
    answers = {reader.name: watched.ask(reader.name, data) for reader in chosen}
    for name, answer in answers.items():
        print(f"{name}: {answer.outcome} {answer.what} {answer.where} {answer.message}".rstrip())
    return 1 if any(answer.is_finding for answer in answers.values()) else 0


def _parser(readers: Sequence[Reader]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks fuzz",
        description="Give every reader of foreign bytes hostile inputs; a finding is an exception that is not "
        "mbench's own, a hang, memory beyond a bound, or the end of the process.",
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1 << 32), help="seed of the inputs (default: new)"
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="seconds shared over the readers (default: 600)")
    names = [reader.name for reader in readers]
    parser.add_argument("--reader", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--findings", type=Path, help="folder for the inputs of findings (default: by the seed)")
    parser.add_argument("--input", type=Path, help="a kept input to read once more, with --reader")
    return parser
