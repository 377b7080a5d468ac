"""Suites: what `mbench run --suite` runs, what `mbench suite list` and `show` say, and which sessions ran one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mbench.core.builds.sweeps import Axis, parse_sweep
from mbench.core.builds.variants import IMAGENET_HEAD, Head, Quantization, Variant, parse_quantization
from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.models.networks.architectures import ARCHITECTURES
from mbench.models.weights.imagenet_weights import ALPHAS, CLASSES
from mbench.paper.suites import Suite, load_suite, suite_files, suite_path
from mbench.paper.tables import paper_table
from mbench.report.render.text_table import Align, Cell, Column, TableValues
from mbench.store.session import find_session, list_sessions, session_folder
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.build.recipes import Network
from mbench.workflows.build.selection import Selection
from mbench.workflows.home import home
from mbench.workflows.paper.count_networks import unbuildable
from mbench.workflows.paper.own_suites import ALLOW_CODE, own_selections, shown_own
from mbench.workflows.paper.suite_accuracy import scored_as_said, shown_accuracy
from mbench.workflows.run.request import RunRequest

PAPER_FOLDER: Final = "mobilenets"
"""Where the suites of the paper's tables and figures lie."""

PAPER: Final = "paper"
"""What a session bears in its name that ran all suites of the paper's document."""


def find_suite(name: str) -> Suite:
    """Return a suite by name, or of a file of the user's.

    Raises:
        UsageError: there is none.
    """
    return load_suite(name, user_folder=home() / "suites")


def find_file(name: str) -> Path:
    """Return the file of a suite.

    Raises:
        UsageError: there is none.
    """
    return suite_path(name, user_folder=home() / "suites")


def suite_request(
    request: RunRequest, suite: Suite, name: str, *, trusted: bool = False, scored: bool = True
) -> tuple[RunRequest, tuple[str, ...]]:
    """Return a request for what a suite runs, and a sentence for each network that is left out or runs untrained.

    What the user said of quantization, delegates, threads, data set, weights and settings holds for all of it.

    Args:
        request: what was typed, the suite aside.
        suite: what is to be run.
        name: the suite's.
        trusted: whether code that it names may run.
        scored: whether its networks are scored on what it says, where nobody typed a data set.

    Raises:
        UsageError: the user names networks as well, nothing is left to run, or something of the suite's own networks
            is not there or not allowed.
    """
    chosen = request.selection
    _refuse_networks(chosen)
    if scored and suite.accuracy is not None:
        request = scored_as_said(request, suite, find_file(name), trusted=trusted)
    own = own_selections(suite, find_file(name), chosen, _quantizations(chosen), trusted=trusted) if suite.own else ()
    if not suite.variants:
        selection = replace(own[0], beside=own[1:])
        return replace(request, selection=selection, title=slug(name)), ()
    variants = [
        _of_head(replace(variant, quantization=quantization), _data_set_head(request))
        for variant in suite.parsed
        for quantization in _quantizations(chosen) or (variant.quantization,)
    ]
    variants = list(dict.fromkeys(variants))
    reasons = {variant: reason for variant in variants if (reason := unbuildable(variant)) is not None}
    able = [variant for variant in variants if variant not in reasons]
    if not able:
        raise UsageError(f"suite {name}: {next(iter(reasons.values()))}; nothing is left to run.")
    seeded = _without_weights(able, request)
    said = [f"{variant} is left out: {reason}" for variant, reason in reasons.items()]
    said += [f"{name}: no weights of that kind exist; timed untrained, without an accuracy" for name, *_ in seeded]
    selection = replace(
        chosen,
        names=tuple(map(str, able)),
        sweeps=tuple(text for text in chosen.sweeps if parse_sweep(text).axis is not Axis.QUANTIZATION),
        lists={axis: values for axis, values in chosen.lists.items() if axis is not Axis.QUANTIZATION},
        beside=own,
    )
    return replace(
        request,
        selection=selection,
        build_inputs=replace(request.build_inputs, seeded=frozenset(seeded)),
        profile_ops=request.profile_ops or suite.profile_ops,
        title=slug(name),
    ), tuple(dict.fromkeys(said))


def slug(name: str) -> str:
    """Return what sessions of a suite bear in their name: `table-6` of `mobilenets/table-6`."""
    stem = Path(name).stem if name.endswith(".toml") else name.rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._+]+", "-", stem).strip("-.") or "suite"


def suite_results(
    name: str, sessions: Sequence[str], *, root: Path, stored: StoredSessions, everything: bool = False
) -> tuple[JobResult, ...]:
    """Return the results of the named sessions, of all, or of the last one that ran the suite; none where none did.

    Args:
        name: of the suite.
        sessions: names of them.
        root: the results folder.
        stored: reads them, each once for all suites of a command.
        everything: whether to take all that ran the suite.

    Raises:
        StoreError: no such session, or one that cannot be read.
    """
    paths = [find_session(root, session) for session in sessions]
    if not paths:
        known = list_sessions(root)
        bear = [f"-{part}-" for part in _alike(name)]
        ran = [each for each in known if any(part in each for part in bear)]
        paths = [session_folder(root, each) for each in (known if everything else ran[-1:])]
    return stored.results(paths)


def _alike(name: str) -> tuple[str, ...]:
    """Return what sessions bear in their name that ran a suite: its own, others that run the same, all together."""
    suite = find_suite(name)
    known = {each: find_suite(each) for each in suite_files(user_folder=home() / "suites")}
    others = [each for each, other in known.items() if (other.variants, other.own) == (suite.variants, suite.own)]
    of_paper = [PAPER] if name.startswith(f"{PAPER_FOLDER}/") else []
    return tuple(dict.fromkeys((*map(slug, (name, *others)), *of_paper)))


def listed() -> TableValues:
    """Return the table of all suites."""
    found = {name: find_suite(name) for name in suite_files(user_folder=home() / "suites")}
    return TableValues(
        columns=(
            Column(header="Suite"),
            Column(header="What it shows"),
            Column(header="Networks", align=Align.RIGHT, spare=1),
            Column(header="Accuracy needs", spare=2),
        ),
        rows=tuple(
            (
                Cell(name),
                Cell(suite.title),
                Cell(str(len(suite.variants) + len(suite.own))),
                Cell(f"--dataset {suite.needs.dataset}" if suite.needs else "–"),
            )
            for name, suite in found.items()
        ),
        foot=(f"Your own go into {home() / 'suites'}, or --suite FILE.toml.",),
    )


def shown(name: str) -> Iterator[str]:
    """Yield what a suite runs, what it needs, and what stays unknown without that.

    Raises:
        UsageError: there is no such suite.
    """
    suite = find_suite(name)
    yield suite.title
    if suite.table is not None:
        yield f"Source: {paper_table(suite.table).source}"
    yield ""
    yield "Runs:"
    for variant in suite.parsed:
        reason = unbuildable(variant)
        title = ARCHITECTURES[variant.architecture].title if reason is None else f"cannot be built: {reason}"
        yield f"  {variant}  {title}"
    yield from shown_own(suite)
    if suite.profile_ops:
        yield "With an operator profile of each."
    yield f"Shows: {', '.join(suite.columns)}"
    if suite.references:
        yield f"With --references: {', '.join(suite.references)}"
    yield ""
    yield from _needs(suite)
    named = [*(table.code for table in suite.own), *([] if suite.accuracy is None else [suite.accuracy.code])]
    code = f" {ALLOW_CODE}" if any(each is not None for each in named) else ""
    yield f"Run it:  mbench run --suite {name} --device host{code}"
    yield f"See it:  mbench suite report {name}"


def _needs(suite: Suite) -> Iterator[str]:
    yield "Multiply-adds and parameters need nothing: they are counted from files that mbench builds."
    yield "Latencies need a device; host is always one."
    yield from shown_accuracy(suite)
    if suite.needs is None:
        return
    yield f"Accuracies need --dataset {suite.needs.dataset} --weights {suite.needs.weights}"
    yield "  and stay unknown without them. Networks without such weights are timed untrained."


def _refuse_networks(chosen: Selection) -> None:
    if chosen.names or chosen.files:
        raise UsageError("--suite names what is run; leave variants and --model out.")
    for option in ("--classes", "--arch"):
        if option in chosen.typed:
            raise UsageError(f"--suite names its networks; leave {option} out.")
    for axis in [parse_sweep(text).axis for text in chosen.sweeps] + list(chosen.lists):
        if axis in (Axis.ALPHA, Axis.RESOLUTION):
            raise UsageError(
                f"--suite names its networks; leave {axis} out. Quantization, threads and delegate can vary."
            )


def _quantizations(chosen: Selection) -> tuple[Quantization, ...]:
    sweeps = [parse_sweep(text) for text in chosen.sweeps]
    sweeps += [parse_sweep(f"{axis}={values}") for axis, values in chosen.lists.items() if axis is Axis.QUANTIZATION]
    named = (value for sweep in sweeps if sweep.axis is Axis.QUANTIZATION for value in sweep.values)
    return tuple(map(parse_quantization, named))


def _data_set_head(request: RunRequest) -> Head | None:
    """Return the classes of the data set that was named; None without one."""
    if request.accuracy is None or request.accuracy.spec.dataset.partition(":")[0] == "arrays":
        return None
    from mbench.accuracy.datasets.catalogue import open_dataset

    return open_dataset(request.accuracy.spec.dataset, cache=home() / "datasets").head


def _of_head(variant: Variant, head: Head | None) -> Variant:
    """Return a network of 1000 classes with those of the data set; one with a head of its own keeps it."""
    return replace(variant, head=head) if head is not None and variant.head == IMAGENET_HEAD else variant


def _without_weights(variants: Sequence[Variant], request: RunRequest) -> list[Network]:
    """Return the networks for which there are no weights of the kind that is wanted."""
    weights = request.build_inputs.weights
    if request.accuracy is not None and weights is None:
        head = _data_set_head(request)
        weights = "imagenet" if head == IMAGENET_HEAD else "trained"
    if weights == "imagenet":
        lacking = [each for each in variants if not _published(each)]
    elif weights == "trained":
        lacking = [each for each in variants if ARCHITECTURES[each.architecture].layers is None]
    else:
        lacking = []
    return list(dict.fromkeys((each.architecture, each.size, each.head) for each in lacking))


def _published(variant: Variant) -> bool:
    """Whether Keras' weights for ImageNet fit a network."""
    known = variant.architecture == "mobilenet_v1" and variant.size.alpha in ALPHAS
    return known and variant.head.classes == CLASSES
