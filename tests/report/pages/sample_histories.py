"""Histories for tests: phones of one workload, with a step, an epoch, an accepted level, nights without a number."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from mbench.core.nights.series import Cell, PointState
from mbench.core.nights.summaries import AcceptedLevel, Change, SeriesSummary, Stretch, SummaryPoint
from mbench.report.pages.nights.history_page import HistoryPage, history_page

FIRST = date(2026, 8, 20)
NIGHTS = 70
STEP, EPOCH = 40, 20


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


def name_of(number: int) -> str:
    return f"{day_of(number):%Y%m%d}-220004-night-farm-1a2b"


def point(number: int, latency_us: float | None, **changes) -> SummaryPoint:
    fields: dict = {
        "night": name_of(number),
        "day": day_of(number),
        "state": PointState.NUMBER if latency_us is not None else PointState.LAB,
        "latency_us": latency_us,
        "half_width_us": None if latency_us is None else 25.25 + number,
        "runs": None if latency_us is None else 5,
        "label": f"commit-{number}",
        "why": None if latency_us is not None else "hot: 41 °C",
    }
    return SummaryPoint(**(fields | changes))


def stretch(number: int, digit: str, build: str) -> Stretch:
    return Stretch(
        night=name_of(number),
        day=day_of(number),
        artifact_sha256=digit * 64,
        binary_sha256="b" * 64,
        tool="tflite",
        tools=None,
        os="Android 13",
        build=build,
    )


def cell(**changes) -> Cell:
    fields: dict = {"project": "app", "branch": "main", "workload": "net", "delegate": "gpu", "threads": 4}
    return Cell(**({"serial": "P1"} | fields | changes))


def slower() -> SeriesSummary:
    """Return a cell that became slower, of whose nights one failed, one was kept from measuring and one is missing."""
    values = [
        1000.5 if number < EPOCH else 1010.125 if number < STEP else 1200 + number % 3 for number in range(NIGHTS)
    ]
    points = [point(number, value) for number, value in enumerate(values)]
    points[10] = point(10, None)
    points[30] = point(30, None, state=PointState.FAILED, why="timeout: no answer within 60 s")
    points[31] = point(31, None, state=PointState.MISSING, why=None, label=None)
    changes = (
        Change(night=name_of(EPOCH), day=day_of(EPOCH), before_us=1000.5, after_us=1010.125, epoch=True, words=("OS",)),
        Change(
            night=name_of(STEP),
            day=day_of(STEP),
            before_us=1010.125,
            after_us=1201,
            epoch=False,
            words=("artifact aaaa → cccc", "label commit-39 → commit-40"),
        ),
    )
    return SeriesSummary(
        cell=cell(),
        model="Pixel 4",
        level_us=1201,
        noise=0.0012,
        points=tuple(points),
        changes=changes,
        stretches=(stretch(0, "a", "flame/1"), stretch(EPOCH, "a", "flame/2"), stretch(STEP, "c", "flame/2")),
        accepted=(AcceptedLevel(day=day_of(STEP + 1), level_us=1230.5, ratio=None, because="worth it", who="Ada"),),
    )


def steady(serial: str = "P2", **changes) -> SeriesSummary:
    """Return a cell of one level, which began late and was measured every third night."""
    points = tuple(point(number, 1500 + number % 7) for number in range(6, NIGHTS, 3))
    fields: dict = {"model": "Pixel 4", "level_us": 1503, "noise": 0.002, "points": points, "changes": ()}
    return SeriesSummary(cell=cell(serial=serial), **(fields | {"stretches": (stretch(6, "a", "flame/1"),)} | changes))


def faster() -> SeriesSummary:
    points = tuple(point(number, 900.0 if number < STEP else 600.0) for number in range(NIGHTS))
    change = Change(night=name_of(STEP), day=day_of(STEP), before_us=900, after_us=600, epoch=False, words=())
    return SeriesSummary(
        cell=cell(workload="other", delegate="cpu", threads=None),
        model="Pixel 6",
        level_us=600,
        noise=0.0,
        points=points,
        changes=(change,),
    )


def silent() -> SeriesSummary:
    """Return a cell that never had a number."""
    points = tuple(point(number, None) for number in range(NIGHTS - 2, NIGHTS))
    return SeriesSummary(
        cell=cell(workload="silent", serial="P9"), model="?", level_us=None, noise=None, points=points, changes=()
    )


def named(one: SeriesSummary, text: str) -> SeriesSummary:
    """Return a cell in all of whose texts stands what somebody else wrote."""
    changes = tuple(replace(change, words=(text,)) for change in one.changes)
    points = tuple(
        replace(point, label=text if point.label else None, why=text if point.why else None) for point in one.points
    )
    stretches = tuple(replace(each, os=text, build=text, tools=text) for each in one.stretches)
    accepted = tuple(replace(each, because=text, who=text) for each in one.accepted)
    named_cell = cell(workload=text, serial=text, delegate=text)
    return replace(
        one, cell=named_cell, model=text, changes=changes, points=points, stretches=stretches, accepted=accepted
    )


def series() -> list[SeriesSummary]:
    return [faster(), silent(), slower(), steady()]


def asked(found: Sequence[SeriesSummary], **changes) -> HistoryPage:
    fields: dict = {
        "project": "app",
        "branch": "main",
        "nights": [(name_of(number), str(day_of(number))) for number in range(NIGHTS)],
        "series": found,
        "notes": ("nights that were due and never began: 2026-09-20.",),
        "against": None,
        "command": "mbench history --format html",
    }
    return HistoryPage(**(fields | changes))


def page(found: Sequence[SeriesSummary], **changes) -> str:
    return history_page(asked(found, **changes)).decode("utf-8")
