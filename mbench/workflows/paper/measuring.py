"""Timing all that the document of the paper shows: every network of its tables and figures, in one session."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mbench.core.errors import MbenchError, UsageError
from mbench.devices.host.load import MOST_LOAD, load_per_core
from mbench.paper.suites import Suite
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection
from mbench.workflows.paper.document import FIGURES, TABLES
from mbench.workflows.paper.suites import PAPER, find_suite, slug, suite_request
from mbench.workflows.run.request import RunRequest

HOST: Final = "host"

SETTINGS: Final = {"num_runs": 10, "max_secs": 300.0}
"""An inference takes from a tenth of a millisecond to ten seconds: 10 of them at least, and half a second at least."""


class NotQuiet(MbenchError):
    """This machine has other work."""

    exit_code = 5


def refuse_loaded() -> None:
    """Refuse to begin where this machine is not quiet.

    Raises:
        NotQuiet: with its load, and the bound.
    """
    if (load := load_per_core()) > MOST_LOAD:
        raise NotQuiet(
            f"this machine has other work: a load of {load:.2f} per core in the last minute, more than {MOST_LOAD:g}. "
            "Close other programs, and start this again."
        )


def paper_suites(names: Sequence[str]) -> tuple[str, ...]:
    """Return the suites that were named, each once; without a name all that the document shows.

    Raises:
        UsageError: one is not in the document.
    """
    for name in names:
        if name not in (*TABLES, *FIGURES):
            raise UsageError(f"{name} is not in the document; leave it out, or run it by mbench run --suite {name}.")
    return tuple(dict.fromkeys(names)) or (*TABLES, *FIGURES)


def paper_request(
    names: Sequence[str],
    *,
    device: str,
    min_runs: int,
    max_runs: int,
    results: Path,
    command: tuple[str, ...],
    workers: int | None,
) -> tuple[RunRequest, tuple[str, ...]]:
    """Return a request for every network of these suites, each once, and a sentence for each that is left out.

    Args:
        names: of the suites, of `paper_suites`.
        device: as `mbench run --device` takes it.
        min_runs: of each network.
        max_runs: likewise; between them a network's runs end when their interval is narrow.
        results: the results folder.
        command: that was typed.
        workers: processes that build; None: one per core.
    """
    suites = [find_suite(name) for name in names]
    all_of_them = Suite(
        title="MobileNets",
        variants=tuple(dict.fromkeys(variant for suite in suites for variant in suite.variants)),
        profile_ops=any(suite.profile_ops for suite in suites),
    )
    plain = RunRequest(
        devices=(device,),
        selection=Selection(),
        build_inputs=BuildInputs(),
        settings=dict(SETTINGS),
        rules={"min_runs": min_runs, "max_runs": max_runs},
        memory_runs=0,
        results=results,
        command=command,
        workers=workers,
    )
    request, notes = suite_request(plain, all_of_them, PAPER)
    whole = set(names) == {*TABLES, *FIGURES}
    return replace(request, title=PAPER if whole else "-".join(map(slug, names))), notes
