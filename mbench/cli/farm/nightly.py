"""`mbench nightly`: one night on a farm, from cron, a timer or a CI job."""

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import grouped, pages, streams
from mbench.cli.errors import INTERRUPTED, fail, one_line_errors
from mbench.cli.options import build_options, device_options, output_options
from mbench.cli.options.declared import option
from mbench.cli.options.formats import Format
from mbench.cli.progress import progress_for
from mbench.cli.report import ReportFormat
from mbench.cli.tables import format_or_default, print_results, print_verdict
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.core.nights.nights import Night
    from mbench.store.session_store import SessionStore
    from mbench.workflows.nightly.attempts import NightRequest
    from mbench.workflows.nightly.farm_file import FarmFile
    from mbench.workflows.nightly.night import EndedNight

AFTER_FAILED = 4

GIVING_BACK_S = 20.0
"""Within which a second signal is one with the first."""

FarmPath = Annotated[Path, typer.Argument(help="Farm file.", metavar="FARM.toml")]


@one_line_errors
def nightly(
    farm: FarmPath,
    init: Annotated[
        bool, typer.Option("--init", help="Write a farm file of what is attached now, and measure nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print tonight's plan with expected durations, and measure nothing.")
    ] = False,
    adb_server: device_options.AdbServers = None,
    workers: build_options.Workers = None,
    label: output_options.Label = None,
    format_: Annotated[
        ReportFormat | None,
        option(
            grouped.OUTPUT,
            "--format",
            "Format of the night; html is a page of one file, as mbench gate --format html makes it.",
            default="table in a terminal, else md",
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the night and its rows as JSON.")] = False,
    open_: Annotated[
        bool,
        typer.Option(
            "--open",
            help="Show the page of the night when it has ended: that of --format html, else that of [outputs] page.",
            rich_help_panel=grouped.OUTPUT,
        ),
    ] = False,
    hide_serials: pages.HideSerials = False,
    quiet: output_options.Quiet = False,
) -> None:
    """Measure tonight what a farm file says, on all of its phones.

    The same command again goes on with a night that was interrupted. Every planned cell ends in a document: a number,
    a failure of its own, or the reason why it is missing.
    """
    from mbench.workflows.nightly.attempts import NightRequest
    from mbench.workflows.nightly.farm_file import read_farm_file

    if init:
        _write_draft(farm, adb_server or [])
        return
    shape = ReportFormat.JSON if json_ else format_
    if shape is ReportFormat.CSV:
        raise UsageError("a night is printed as md, table or json; mbench report SESSION --format csv has its rows.")
    file = read_farm_file(farm)
    if open_ and shape is not ReportFormat.HTML and file.farm.outputs.page is None:
        shape = _page_to_open(shape)
    if hide_serials and shape is not ReportFormat.HTML:
        raise UsageError("--hide-serials is of the page; ask for --format html, or leave it out.")
    request = NightRequest(
        file=file,
        adb_servers=tuple(adb_server or ()),
        workers=workers,
        command=("mbench", *sys.argv[1:]),
        label=output_options.label_of(label),
    )
    if dry_run:
        _print_plan(request, quiet=quiet)
        return
    _drive(request, file, shape, quiet=quiet, hide_serials=hide_serials, show=open_)


def _page_to_open(shape: ReportFormat | None) -> ReportFormat:
    """Return the format whose page is shown where the farm file names none.

    Raises:
        UsageError: another one was asked for, so that there would be no page.
    """
    if shape is not None:
        raise UsageError(
            f"--open shows a page; --format {shape} is none, and the farm file has no page below [outputs]. "
            "Leave --open or the format out, or name one there."
        )
    return ReportFormat.HTML


def _drive(
    request: "NightRequest",
    file: "FarmFile",
    shape: ReportFormat | None,
    *,
    quiet: bool,
    hide_serials: bool,
    show: bool,
) -> None:
    """Measure the night, print its table, run the user's command, and end with the exit code that it deserves."""
    from mbench.workflows.nightly.after import run_after
    from mbench.workflows.nightly.night import EndedNight, run_night

    begun: list[tuple[SessionStore, Night]] = []
    ending = _Ending()
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, ending)
    try:
        ended = run_night(
            request, progress=progress_for(quiet=quiet), started=lambda store, night: begun.append((store, night))
        )
    except KeyboardInterrupt:
        if not begun:
            raise
        ended = EndedNight(store=begun[0][0], night=begun[0][1], end=None)
    codes = ended.exit_codes
    failed = None
    if ended.end is not None and file.farm.after is not None:
        failed = run_after(file.farm.after, ended, exit_code=codes[0], folder=file.path.resolve().parent)
        if failed is not None and AFTER_FAILED not in codes:
            codes = tuple(sorted({*codes, AFTER_FAILED} - {0}))
    if shape is ReportFormat.HTML:
        _put_page(ended, file, hide_serials=hide_serials, show=show)
    else:
        _print_night(ended, codes, None if shape is None else Format(shape))
        if show:
            _show_written(ended, file)
    if not quiet:
        streams.tell(f"kept in {ended.store.path}")
    if ended.end is None:
        fail("interrupted. What was measured is kept; the same command goes on with the night.", INTERRUPTED)
    if failed is not None:
        fail(failed, codes[0])
    if codes[0]:
        raise typer.Exit(codes[0])


class _Ending:
    """Ends a night when whoever started mbench wants that: by the first signal, however many follow it at once.

    A runner sends one signal and soon another; phones are given back meanwhile, which takes seconds.
    """

    def __init__(self) -> None:
        self._heard_at: float | None = None

    def __call__(self, *_: object) -> None:
        """Raise KeyboardInterrupt for the first signal, and for one that comes long after it."""
        now = time.monotonic()
        if self._heard_at is not None and now - self._heard_at < GIVING_BACK_S:
            return  # without a word: what writes a line may just be interrupted in writing one
        self._heard_at = now
        raise KeyboardInterrupt


def _print_night(ended: "EndedNight", codes: tuple[int, ...], shape: Format | None) -> None:
    """Print what a night came to, and its table."""
    from mbench.store.nights import shown_results
    from mbench.workflows.nightly.summary import as_object, summary_lines
    from mbench.workflows.reporting import report_place

    results, shape = shown_results(ended.store), format_or_default(shape)
    if shape is Format.JSON:
        import json

        from mbench.report.results.delimited import as_json
        from mbench.report.results.rows.job_rows import row_of

        rows = json.loads(as_json([row_of(result) for result in results]))
        night = as_object(ended.night, ended.end, rows, codes, path=str(ended.store.path))
        if ended.judged is not None:
            night["verdict"] = ended.judged.document.model_dump(mode="json")["verdict"]
        streams.write_json(json.dumps(night, indent=1))
        return
    if ended.judged is not None:
        print_verdict(ended.judged, shape)
        streams.write_line("")
    for line in summary_lines(ended.night, ended.end, results):
        streams.write_line(line)
    streams.write_line("")
    places = filter(None, (report_place(ended.store.path), f"mbench report {ended.night.session} --format md"))
    print_results(results, shape, whole_foot=tuple(places))


def _put_page(ended: "EndedNight", file: "FarmFile", *, hide_serials: bool, show: bool) -> None:
    """Write a night's page, and show it where that was asked for; one that was not judged has none, which is said."""
    from mbench.workflows.nightly.night_page import PageRequest, night_page_of

    judged = ended.judged
    if judged is None:
        _tell_no_page(ended)
        return
    words = ("--farm", str(file.path))
    asked = PageRequest(root=file.results, file=file, options=words, hide_serials=hide_serials)
    pages.put_page(
        lambda: night_page_of(judged, ended.store, asked, note=streams.tell),
        output=None,
        name=f"{ended.night.session}-verdict.html",
        show=show,
    )


def _show_written(ended: "EndedNight", file: "FarmFile") -> None:
    """Show the page that the farm file names, which judging wrote."""
    named = file.farm.outputs.page
    if ended.judged is None or named is None:
        _tell_no_page(ended)
    else:
        pages.show_page(file.resolved(named))


def _tell_no_page(ended: "EndedNight") -> None:
    streams.tell(f"the night was not judged, and has no page; mbench report {ended.night.session} shows its rows.")


def _print_plan(request: "NightRequest", *, quiet: bool) -> None:
    from mbench.workflows.nightly.night import planned_night
    from mbench.workflows.nightly.summary import plan_lines

    with planned_night(request, progress=progress_for(quiet=quiet)) as (planned, night):
        for line in plan_lines(planned, night):
            streams.write_line(line)


def _write_draft(path: Path, adb_servers: list[str]) -> None:
    from mbench.workflows.nightly.draft import write_draft

    streams.write_line(f"wrote {path}: {write_draft(path, adb_servers)}")
