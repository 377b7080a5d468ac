"""What a search for operators says of itself: what is left in float, what that brings and costs, what was nearest."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.rough_times import rough_median_us
from mbench.core.scores import Score
from mbench.files.regular import KIB
from mbench.workflows.build.float_files import MOST_BUILDS, NOTHING, FloatFiles, Kept
from mbench.workflows.build.float_loss import Loss, first_metric, format_amount, format_value

MOST_NAMED: Final = 12
"""Operators; of more than these, what each brings is not taken apart either: it takes a file for each."""

_FLOATS: Final = frozenset({"float32", "float16"})


def notes_of(files: FloatFiles, kept: Kept, *, operators: int) -> tuple[str, ...]:
    """Return what should be known of the file that a search found.

    Args:
        files: that it built.
        kept: what it leaves in float.
        operators: of the network.

    Raises:
        ArtifactError: the float file has no accuracy, where that was asked for.
    """
    if not kept:
        return (f"keep-float: nothing is left in float; {_asked(files)}, {_why_nothing(files, operators)}",)
    reached = "" if files.enough(kept) else f", {_missed(files, kept)}{_nearest(files, kept, operators)}"
    found = f"{len(kept)} of {operators} operators are left in float ({named(files, kept)})"
    each = tuple(_each(files, kept)) if len(kept) <= MOST_NAMED else ()  # builds files, too
    first = f"keep-float: {found}: {_before_and_after(files, kept)}; {_asked(files)}{reached}; {_effort(files)}"
    return (f"{first}. {_price(files, kept)}", *each)


def named(files: FloatFiles, kept: Kept) -> str:
    """Return operators as people know them: their kind, and the first tensor that they give."""
    graph = read_model(files.search.source).main
    said = [
        " ".join((one.label, *(graph.tensors[index].name.partition(";")[0] for index in one.outputs[:1])))
        for one in (graph.operators[at] for at in sorted(kept)[:MOST_NAMED])
    ]
    more = len(kept) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def _asked(files: FloatFiles) -> str:
    if files.ask is None:
        return f"{files.search.asked.least_db:g} dB of signal to noise were asked for"
    most = format_amount(files.most_lost, files.reference)
    return f"a loss of at most {most} of {first_metric(files.reference).name} against float was asked for"


def _why_nothing(files: FloatFiles, operators: int) -> str:
    said = _worth_of(files, NOTHING)
    if files.enough(NOTHING):
        return f"which int8 reaches: {said}"
    if files.unsure(NOTHING):
        return f"and int8 is not shown to lose anything: {said}; more --examples would tell more"
    tried = "none of the operators that were tried in float helps enough"
    return f"and {tried}: {said} in int8 alone{_nearest(files, NOTHING, operators)}; {_effort(files)}"


def _missed(files: FloatFiles, kept: Kept) -> str:
    if files.unsure(kept):
        return "which these examples do not show to be missed"
    within = f" within the {MOST_BUILDS} files that a search may build" if files.full else ""
    return f"which was not reached{within}"


def _before_and_after(files: FloatFiles, kept: Kept) -> str:
    ratios = f"{files.snr_db(NOTHING):.1f} dB in int8 alone, {files.snr_db(kept):.1f} dB so"
    if files.ask is None:
        return ratios
    reference = files.reference
    name, value = first_metric(reference).name, format_value(reference)
    return (
        f"{name} {value} in float, {_accuracy(files, NOTHING)} in int8 alone, {_accuracy(files, kept)} so, of the same "
        f"{reference.asked} examples (95 % intervals, paired; they chose the file, whose score on them is a little too "
        f"high for it); signal to noise {ratios}"
    )


def _worth_of(files: FloatFiles, kept: Kept) -> str:
    """Return a ratio, and what is lost of accuracy where the search goes by that."""
    ratio = f"{files.snr_db(kept):.1f} dB"
    if files.ask is None:
        return ratio
    return f"{_accuracy(files, kept)} of {files.reference.asked} examples, and {ratio} of signal to noise"


def _accuracy(files: FloatFiles, kept: Kept) -> str:
    score = files.score(kept)
    if score is None:
        return "no accuracy"
    return f"{format_value(score)} ({_loss(files.loss(kept), files.reference)})"


def _loss(loss: Loss, score: Score) -> str:
    return f"loses {format_amount(loss.amount, score)}, {loss.low:.3g} to {loss.high:.3g}"


def _nearest(files: FloatFiles, kept: Kept, operators: int) -> str:
    """Return the nearest that was reached with some operators in float, and what all of them would give."""
    every = frozenset(range(operators))
    some = [each for each, built in files.built.items() if built is not None and each not in (NOTHING, every)]
    if files.ask is not None:
        some = [each for each in some if files.scores.get(each) is not None]
    best = min(some, key=lambda each: _distance(files, each), default=None)
    said = ""
    if best is not None and best != kept:
        said = f"; the nearest was {_worth_of(files, best)} with {named(files, best)} in float"
    all_ = f"; with all {operators} operators in float it "
    if not files.able(every):
        return f"{said}{all_}cannot be built"
    return f"{said}{all_}is {_worth_of(files, every)}{'' if files.enough(every) else _bound(files)}"


def _distance(files: FloatFiles, kept: Kept) -> tuple[float, float]:
    return (0.0 if files.ask is None else files.loss(kept).amount, -files.snr_db(kept))


def _bound(files: FloatFiles) -> str:
    """Return what to do where the steps of inputs and outputs are all that is left."""
    graph = read_model(files.data(NOTHING)).main
    stepped = [each for each in (*graph.inputs, *graph.outputs) if graph.tensors[each].dtype not in _FLOATS]
    if not stepped:
        return ""
    return ", bound by the steps of its inputs and outputs (--io float leaves them real numbers)"


def _effort(files: FloatFiles) -> str:
    return f"{len(files.built)} files were built and compared on {len(files.search.examples)} examples"


def _price(files: FloatFiles, kept: Kept) -> str:
    found = [files.data(NOTHING), files.data(kept), files.search.source]
    sizes = ", ".join(f"{len(each) / KIB:.1f}" for each in found)
    times = _rough_ms(files, found)
    if times is None:
        return f"Price: {sizes} KiB in int8, so and in fp32"
    int8, this, fp32 = (f"{each:.3g}" for each in times)
    return f"Price, roughly, on this host: {int8} ms in int8, {this} ms so, {fp32} ms in fp32; {sizes} KiB"


def _rough_ms(files: FloatFiles, found: Sequence[bytes]) -> list[float] | None:
    """Return rough times; None where the runtime does not run one of them."""
    try:
        us = rough_median_us(found, {name: values[0] for name, values in files.inputs.items()})
    except (RuntimeError, ValueError):
        return None
    return [each / 1000 for each in us]


def _each(files: FloatFiles, kept: Kept) -> Iterator[str]:
    """Yield what each operator brings and costs: the file without it beside the file with it."""
    built: dict[int, Kept] = {}
    for operator in sorted(kept):
        if files.able(fewer := kept - {operator}):
            built[operator] = fewer
    whole = files.data(kept)
    times = _rough_ms(files, [whole, *map(files.data, built.values())])
    rows = []
    for place, (operator, fewer) in enumerate(built.items(), 1):
        kib = (len(whole) - len(files.data(fewer))) / KIB
        time = "" if times is None else f", {times[0] - times[place]:+.2g} ms"
        ratios = f"{files.snr_db(fewer):.1f} to {files.snr_db(kept):.1f} dB"
        rows.append(f"{named(files, Kept({operator}))} {ratios}{_change(files, fewer, kept)}, {kib:+.1f} KiB{time}")
    if rows:
        yield f"each of these in float instead of int8, the others as they are: {'; '.join(rows)}"


def _change(files: FloatFiles, fewer: Kept, kept: Kept) -> str:
    if files.ask is None:
        return ""
    scores = files.score(fewer), files.score(kept)
    return f", {' to '.join('no accuracy' if score is None else format_value(score) for score in scores)}"
