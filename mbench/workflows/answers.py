"""Answers to examples, of sessions that keep them or of a CSV file: flips, worst examples, classes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.files.disk import disk_errors
from mbench.files.regular import GIB, read_regular
from mbench.files.whole import write_whole
from mbench.report.accuracy.scored import scored_of
from mbench.report.predictions.class_counts import ClassCounts, counts_of_predictions, counts_of_scores, without_classes
from mbench.report.predictions.class_tables import class_tables
from mbench.report.predictions.flip_tables import flip_tables, flipped_pairs, flips_json
from mbench.report.predictions.predicted import PredictedFile, parse_predictions
from mbench.report.predictions.worst_tables import worst_json, worst_tables
from mbench.report.render.markdown import table_markdown
from mbench.store.session import find_session, list_sessions, open_session

MOST_PANELS: Final = 12
"""Files in one picture."""

_PICTURES: Final = (b"<svg", b"\x89PNG")
"""What a picture that may be written over begins with."""


def read_answers(path: Path) -> tuple[PredictedFile, ...]:
    """Return what files answered, from a CSV file that `--predictions` wrote.

    Raises:
        UsageError: it cannot be read, or is of another format.
    """
    try:
        text = read_regular(path, limit_bytes=GIB).decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no CSV file of --predictions: {error}.") from error
    return parse_predictions({str(path): text})


def stored_answers(names: Sequence[str], *, everything: bool, root: Path) -> tuple[PredictedFile, ...]:
    """Return what files answered in the named sessions, in all, or in the latest.

    Raises:
        StoreError: no such session, or one that cannot be read.
        UsageError: none of them keeps answers.
    """
    chosen: Sequence[str | None] = list_sessions(root) if everything else names
    paths = [find_session(root, name) for name in chosen or [None]]
    texts = {str(path): text for session in paths for path, text in open_session(session).predictions().items()}
    if not texts:
        raise UsageError(
            f"{', '.join(path.name for path in paths)}: no answers are kept; mbench run --predictions FILE.csv keeps "
            "them, or name such a file: mbench report --predictions FILE.csv."
        )
    return parse_predictions(texts)


def flips(files: Sequence[PredictedFile], *, as_json: bool) -> str:
    """Return which examples flip between two files, as markdown or JSON.

    Raises:
        UsageError: no two of them answered the same examples.
    """
    pairs = flipped_pairs(files)
    if as_json:
        return json.dumps({"pairs": flips_json(pairs)}, indent=1)
    return "\n".join(map(table_markdown, flip_tables(pairs)))


def worst(files: Sequence[PredictedFile], count: int, *, as_json: bool) -> str:
    """Return the examples that each file answers wrongly with the highest scores, as markdown or JSON."""
    if as_json:
        return json.dumps({"files": worst_json(files, count)}, indent=1)
    return "\n".join(map(table_markdown, worst_tables(files, count)))


def counts_of_results(results: Sequence[JobResult]) -> tuple[tuple[ClassCounts, ...], tuple[str, ...]]:
    """Return what stored results answered to each class, and of each other score why it is not there.

    Raises:
        UsageError: none was scored on classes.
    """
    scored = scored_of(results)
    if not scored:
        raise UsageError("--per-class: no job here was scored; mbench run --dataset NAME scores files.")
    counted = counts_of_scores(scored)
    without = tuple(reason for each in scored if (reason := without_classes(each)) is not None)
    if not counted:
        first = f"{without[0]} (and {len(without) - 1} more)" if len(without) > 1 else without[0]
        raise UsageError(
            f"--per-class: no accuracy by class is kept here: {first}; --predictions FILE.csv counts answers."
        )
    return counted, without


def counts_of_answers(files: Sequence[PredictedFile]) -> tuple[ClassCounts, ...]:
    """Return what files answered to each class, counted from their answers."""
    return counts_of_predictions(files)


def by_class(counted: Sequence[ClassCounts], without: Sequence[str] = ()) -> str:
    """Return what each file gets right of each class, and what is confused; then why others are left out."""
    return "\n".join([*map(table_markdown, class_tables(counted)), *(f"Not shown: {reason}.\n" for reason in without)])


def draw_classes(counted: Sequence[ClassCounts], path: Path) -> None:
    """Write the confusion matrices as a picture, `.svg` or `.png`.

    Raises:
        UsageError: another kind of file, too many files for one picture, or a file is there that is no picture.
        DiskError: it could not be written.
    """
    refuse_picture(path)
    if len(counted) > MOST_PANELS:
        raise UsageError(
            f"{len(counted)} files are too many for one picture, which holds {MOST_PANELS}; name fewer sessions."
        )
    from mbench.report.charts.confusions import confusion_png, confusion_svg  # brings the plotting library

    picture = confusion_png(counted) if path.suffix.lower() == ".png" else confusion_svg(counted).encode()
    with disk_errors("write a picture to", path):
        write_whole(path, picture, fsync=False)


def refuse_picture(path: Path) -> None:
    """Refuse a path that no picture can be written to.

    Raises:
        UsageError: it ends otherwise, or what is there is no picture.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"--output {path} is neither a .svg nor a .png; name such a file.")
    if not path.exists():
        return
    if not path.is_file():
        raise UsageError(f"--output {path} is there and is no file; name another.")
    with disk_errors("read", path), path.open("rb") as file:
        begun = file.read(8)
    if begun and not begun.startswith(_PICTURES):
        raise UsageError(f"--output {path} is there and is no picture, and is not written over; name another file.")
