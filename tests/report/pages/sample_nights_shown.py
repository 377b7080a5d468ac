"""Judged nights for tests of pages: regressions with re-runs and a past, failures, phones, accepted and near misses."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import sample_histories as histories
import sample_verdicts as sample

from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict, Rerun, Standing
from mbench.report.exports.cell_rows import CellRow
from mbench.report.pages.nights.night_page import NightPage, PhoneLine, night_page, phone_lines

OLD = tuple(12_900.0 + 25 * number for number in range(8))
NEW = tuple(14_200.0 + 30 * number for number in range(8))


def findings() -> list[Finding]:
    slower = [
        sample.finding(
            serial=f"9A{number}",
            now=14_310.0 + 10 * number,
            rerun=Rerun(old_us=OLD, new_us=NEW, p_value=0.004, session=sample.NIGHT),
        )
        for number in range(8)
    ]
    return [
        sample.certain(FindingClass.FALLBACK, workload="segmenter", serial="9A1"),
        *slower,
        sample.finding(workload="classifier", delegate="cpu", standing=Standing.SUSPECT, rerun=None),
        sample.certain(FindingClass.FAILED, workload="broken", serial="9A2"),
        sample.certain(FindingClass.LAB, serial="9A9", because="9A9: quarantine since 2026-11-28: three bad nights"),
        sample.certain(FindingClass.IMPROVED, workload="quicker", serial="9A3"),
        sample.accepted(sample.finding(workload="known", serial="9A4")),
    ]


def verdict() -> NightVerdict:
    near = sample.finding(workload="withdrawn", serial="9A5", standing=Standing.WITHDRAWN)
    return sample.verdict(*findings(), near=(near,), notes=("an epoch began on 9A6: OS build 1 → 2",))


def rows() -> list[CellRow]:
    found = [sample.row(serial=f"9A{number}", latency_us=14_310.0 + 10 * number) for number in range(8)]
    found += [sample.row(workload="segmenter", serial="9A1"), sample.row(workload="classifier", delegate="cpu")]
    found += [sample.failed(workload="broken", serial="9A2"), sample.row(workload="quicker", serial="9A3")]
    found += [sample.row(workload="known", serial="9A4")]
    lost = sample.lost(serial="9A9", error_class="quarantine", message="9A9: quarantine since 2026-11-28")
    return [*found, lost]


def phones(of: Sequence[CellRow]) -> tuple[PhoneLine, ...]:
    warm = ("failed", "battery temperature 41 °C (limit: at most 40 °C)", "Let it cool.")
    found = []
    for line in phone_lines(of):
        read = {"before": ("battery 98 %", "phone 31 °C"), "after": ("battery 91 %", "phone 38 °C"), "health": "well"}
        checks = (warm,) if line.serial == "9A9" else ()
        found.append(replace(line, host="lab-1" if line.serial == "9A1" else None, checks=checks, **read))
    return tuple(found)


def past() -> dict:
    one = histories.slower()
    points = tuple(
        replace(point, night=sample.NIGHT if place == histories.STEP else point.night)
        for place, point in enumerate(one.points)
    )
    return {finding.cell: replace(one, cell=finding.cell, points=points) for finding in findings()}


def asked(**changes) -> NightPage:
    own = changes.pop("rows", None) or rows()
    fields: dict = {
        "title": f"Night of {date(2026, 11, 30)}, mobile main",
        "verdict": verdict(),
        "changes": None,
        "facts": (("Session", sample.NIGHT), ("Window", "2026-11-30 21:00 to 05:00 UTC"), ("Exit codes", "1, 4, 5")),
        "rows": own,
        "phones": phones(own),
        "past": past(),
        "command": f"mbench gate {sample.NIGHT} --format html",
    }
    return NightPage(**(fields | changes))


def page(**changes) -> str:
    return night_page(asked(**changes)).decode("utf-8")
