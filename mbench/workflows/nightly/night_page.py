"""The page of a judged night, made of what is kept beside its session: verdict, documents, health, and the archive."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mbench.core.errors import MbenchError
from mbench.core.nights.cells import Cell
from mbench.core.nights.summaries import SeriesSummary
from mbench.core.results import Conditions
from mbench.devices.health.check import Check, CheckState, words
from mbench.devices.health.readings import PhoneReadings
from mbench.history.archive import Archive
from mbench.history.past import Past
from mbench.report.exports.cell_rows import cell_rows
from mbench.report.history.hidden import summaries_without_serials
from mbench.report.pages.nights.night_page import NightPage, PhoneLine, night_page, phone_lines
from mbench.report.render.number_format import count_of
from mbench.report.results.hidden_serials import hiding, with_texts
from mbench.store.nights import StoredNight, read_health
from mbench.store.session_store import SessionStore
from mbench.workflows.farm.fitness import HealthNote
from mbench.workflows.gate.night_gate import Judged
from mbench.workflows.gate.stored import night_of
from mbench.workflows.history.archives import asked
from mbench.workflows.history.summarize import summaries
from mbench.workflows.nightly.farm_file import HOST, FarmFile
from mbench.workflows.nightly.roster import LACKING

NIGHTS_SHOWN: Final = 60
"""Of the past of a cell with a finding."""

_SERIOUS: Final = (CheckState.FAILED, CheckState.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """How a night's page was asked for.

    Attributes:
        root: results folder, whose archive has the past of cells.
        file: farm file; None: the results folder and nothing else.
        options: of `mbench gate`, that name the night.
    """

    root: Path
    file: FarmFile | None
    options: Sequence[str] = ()
    hide_serials: bool = False


def night_page_of(judged: Judged, store: SessionStore, request: PageRequest, *, note: Callable[[str], None]) -> bytes:
    """Return the page of a judged night.

    Args:
        judged: the night.
        store: of its session.
        request: how it was asked for.
        note: gets what could not be read, and is left out.

    Raises:
        StoreError: documents of the night cannot be read.
    """
    verdict, stored, results = judged.verdict, night_of(store.path), store.results()
    names: Mapping[str, str] = store.plan.names if stored is None else stored.night.names
    renamed: Mapping[str, str] = {} if request.file is None else request.file.farm.renamed
    rows = cell_rows(results, project=verdict.project, branch=verdict.branch, names=names, renamed=renamed)
    hidden = ["--hide-serials"] if request.hide_serials else []
    shown = NightPage(
        title=_title(stored, store.plan.session),
        verdict=verdict,
        changes=judged.changes,
        facts=_facts(judged, store, stored),
        rows=rows,
        phones=tuple(_phones(phone_lines(rows), _health(store, note), stored)),
        command=shlex.join(["mbench", "gate", store.plan.session, *request.options, "--format", "html", *hidden]),
        place=judged.place,
        past=_past(judged, request, renamed, note),
    )
    if request.hide_serials:
        profiles = {part.device.serial: part.device.profile for part in store.plan.devices}
        shown = _without_serials(shown, hiding({name: of for name, of in profiles.items() if of != HOST}))
    return night_page(shown)


def _without_serials(shown: NightPage, hidden: Callable[[str], str]) -> NightPage:
    past: dict[Cell, SeriesSummary] = {}
    for one in summaries_without_serials(shown.past.values(), hidden):
        past[one.cell] = one
    changed: NightPage = with_texts(replace(shown, past={}), hidden)
    return replace(changed, past=past)


def _title(stored: StoredNight | None, session: str) -> str:
    if stored is None:
        return f"Session {session}, judged"
    return f"Night of {stored.night.date}, {stored.night.project} {stored.night.branch}"


def _facts(judged: Judged, store: SessionStore, stored: StoredNight | None) -> tuple[tuple[str, str], ...]:
    facts = [("Session", store.plan.session)]
    if stored is not None:
        night, end = stored.night, stored.end
        facts += [
            ("Farm", f"{night.farm} ({night.project}, {night.branch})"),
            ("Window", f"{night.begun_at:%Y-%m-%d %H:%M} to {night.until:%Y-%m-%d %H:%M} UTC, {night.zone}"),
            ("Ended", "not yet" if end is None else f"{end.end}, {end.ended_at:%Y-%m-%d %H:%M} UTC"),
        ]
        if end is not None:
            cells = f"{end.planned} planned, {end.measured} measured, {end.failed} failed, {end.missing} missing"
            facts.append(("Cells", cells))
        if night.missed:
            facts.append(("Never began", f"{', '.join(map(str, night.missed))}, although due"))
    if judged.document.compared_with is not None:
        facts.append(("Compared with", judged.document.compared_with))
    if store.plan.provenance.label is not None:
        facts.append(("Label", store.plan.provenance.label))
    facts.append(("Exit codes", ", ".join(map(str, judged.document.exit_codes))))
    return tuple(facts)


def _health(store: SessionStore, note: Callable[[str], None]) -> Mapping[str, HealthNote]:
    try:
        return read_health(store.path, HealthNote)
    except MbenchError as error:
        note(f"{str(error).rstrip('.')}; the page shows no health of phones")
        return {}


def _phones(
    lines: Iterator[PhoneLine], health: Mapping[str, HealthNote], stored: StoredNight | None
) -> Iterator[PhoneLine]:
    """Yield the phones of a night with their health; those whose cells all went to other ones, too."""
    left = dict(health)
    for line in lines:
        seen = left.pop(line.serial, None)
        yield line if seen is None else _with_health(line, seen)
    known = {} if stored is None else {serial for group in stored.night.phones.values() for serial in group}
    for serial, seen in left.items():
        if serial in known and LACKING not in serial:
            yield _with_health(PhoneLine(serial=serial, model=""), seen)


def _with_health(line: PhoneLine, seen: HealthNote) -> PhoneLine:
    checks: list[Check] = [check for check in (*seen.checks, *seen.compared) if check.state in _SERIOUS]
    ordered = sorted(checks, key=lambda check: _SERIOUS.index(check.state))
    return replace(
        line,
        host=seen.host,
        before=_reading(seen.before),
        after=_reading(seen.after),
        checks=tuple((str(check.state), words(check), check.remedy or "") for check in ordered),
        health=_health_text(seen.checks),
    )


def _health_text(checks: Sequence[Check]) -> str:
    """Return what is said of a phone of which nothing that was checked is wrong."""
    if not checks:
        return ""
    unknown = sum(check.state is CheckState.UNKNOWN for check in checks)
    return f"well, as far as is known ({count_of(unknown, 'check')} unknown)" if unknown else "well"


def _reading(seen: PhoneReadings | None) -> tuple[str, ...]:
    """Return in words what was read of a phone's charge and heat."""
    if seen is None:
        return ()
    if not seen.answers:
        return ("no answer",)
    state: Conditions | None = seen.conditions
    if state is None:
        return ()
    said: list[tuple[str, Any, str]] = [
        ("battery", state.battery_percent, "%"),
        ("battery", state.battery_temperature_c, "°C"),
        ("phone", state.temperature_c, "°C"),
    ]
    return tuple(f"{what} {value:g} {unit}" for what, value, unit in said if value is not None)


def _past(
    judged: Judged, request: PageRequest, renamed: Mapping[str, str], note: Callable[[str], None]
) -> Mapping[Cell, SeriesSummary]:
    """Return the last nights of cells with findings, tonight the last; none where they cannot be read."""
    verdict = judged.verdict
    wanted = {finding.cell for finding in verdict.findings}

    def question(archive: Archive) -> Mapping[Cell, SeriesSummary]:
        past = Past(archive, verdict.project, verdict.branch, renamed)
        tonight = next((night.index for night in past.nights if night.session == verdict.night), None)
        if tonight is None:
            return {}
        later = {night.name for night in past.nights[tonight + 1 :]}
        since = max(tonight + 1 - NIGHTS_SHOWN, 0)
        found = summaries(past, lambda one: one.cell in wanted, since=since)
        return {
            one.cell: replace(one, points=tuple(point for point in one.points if point.night not in later))
            for one in found
        }

    if not wanted:
        return {}
    try:
        return asked(request.root, question, note=note)
    except MbenchError as error:
        note(f"{str(error).rstrip('.')}; the page shows no past of cells")
        return {}
