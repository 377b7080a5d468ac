"""JUnit XML of a judged night, for Jenkins, GitLab and whatever else shows test results.

    <testsuites name="mbench mobile main" tests="2" failures="1" errors="0" time="12.500">
      <testsuite name="Pixel 4 9A1" tests="2" failures="1" errors="0" skipped="0" hostname="9A1" …>
        <testcase classname="Pixel 4 9A1" name="detector gpu ×4" time="6.250">
          <properties><property name="serial" value="9A1"/>…</properties>
          <failure type="latency" message="latency +10.2 %, …">…</failure>

A testcase is a cell and its time the seconds of its runs. `failure`: a regression, or a failure of its own; `error`: no
number by phone, cable or host, or none at all; `skipped`: it was planned and not tried.
Elements stand as pytest writes them (`properties` within `testcase`), attributes as Jenkins' xUnit plugin checks them
(`junit-10.xsd`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mbench.core.nights.cells import Cell, PointState
from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict
from mbench.report.exports.cell_rows import CellRow
from mbench.report.exports.foreign_text import plain_message, plain_name
from mbench.report.verdicts.groups import Group
from mbench.report.verdicts.pieces import as_text
from mbench.report.verdicts.sentences import details, summary

_KINDS: Final = ("failure", "error", "skipped")


def junit_xml(verdict: NightVerdict, rows: Sequence[CellRow]) -> bytes:
    """Return the XML of a night: of all of its rows, and of cells that it left nothing of but a finding."""
    found: dict[Cell, list[Finding]] = {}
    for finding in verdict.findings:
        found.setdefault(finding.cell, []).append(finding)
    left = {row.cell for row in rows}
    missing = {cell: each for cell, each in found.items() if cell not in left}
    root = Element("testsuites", name=plain_name(f"mbench {verdict.project} {verdict.branch}"))
    for (model, serial), cells in _by_device(rows, missing).items():
        _add_suite(root, verdict, (model, serial), cells, found)
    _count(root, root.iter("testcase"), skipped=False)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _by_device(
    rows: Sequence[CellRow], missing: Mapping[Cell, Sequence[Finding]]
) -> dict[tuple[str, str], list[CellRow | Cell]]:
    devices: dict[tuple[str, str], list[CellRow | Cell]] = {}
    for row in rows:
        devices.setdefault((row.model, row.cell.serial), []).append(row)
    for cell, findings in missing.items():
        devices.setdefault((findings[0].model, cell.serial), []).append(cell)
    return devices


def _add_suite(
    root: Element,
    verdict: NightVerdict,
    device: tuple[str, str],
    cells: Sequence[CellRow | Cell],
    found: Mapping[Cell, Sequence[Finding]],
) -> None:
    model, serial = device
    name = plain_name(f"{model} {serial}")
    suite = SubElement(root, "testsuite", name=name, hostname=plain_name(serial))
    ended = [each.ended_at for each in cells if isinstance(each, CellRow)]
    if ended:
        suite.set("timestamp", f"{max(ended).astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
    facts = {"night": verdict.night, "project": verdict.project, "branch": verdict.branch, "model": model}
    _add_properties(suite, {**facts, "serial": serial})
    for each in cells:
        if isinstance(each, CellRow):
            _add_row(suite, name, each, found.get(each.cell, ()))
        else:
            _add_missing(suite, name, each, found[each])
    _count(suite, suite.iter("testcase"), skipped=True)


def _add_row(suite: Element, device: str, row: CellRow, findings: Sequence[Finding]) -> None:
    case = SubElement(
        suite, "testcase", classname=_class_name(device), name=plain_name(row.name), time=f"{row.run_s:.3f}"
    )
    _add_properties(case, {**_facts(row), **_ratios(findings)})
    alarms = [finding for finding in findings if finding.alarm]
    reason = f"{row.error_class or row.state.name.lower()}: {row.message or 'it has no number'}"
    if alarms:
        _add_end(case, "failure", str(alarms[0].kind), [_in_a_line(finding) for finding in alarms])
    elif row.state is PointState.FAILED:
        accepted = any(each.kind is FindingClass.FAILED and each.accepted is not None for each in findings)
        _add_end(case, "skipped" if accepted else "failure", "failed", [reason])
    elif row.state is not PointState.NUMBER:
        _add_end(case, "error" if row.ran else "skipped", row.error_class or "lab", [reason])
    if others := [_in_a_line(finding) for finding in findings if not finding.alarm]:
        SubElement(case, "system-out").text = "\n".join(others)


def _add_missing(suite: Element, device: str, cell: Cell, findings: Sequence[Finding]) -> None:
    name = plain_name(str(cell).removesuffix(f" on {cell.serial}"))
    case = SubElement(suite, "testcase", classname=_class_name(device), name=name, time="0.000")
    _add_properties(case, {"serial": cell.serial})
    alarms = [finding for finding in findings if finding.alarm]
    kind = "failure" if alarms or findings[0].kind is FindingClass.FAILED else "error"
    _add_end(case, kind, str((alarms or findings)[0].kind), [_in_a_line(finding) for finding in alarms or findings])


def _add_end(case: Element, tag: str, kind: str, lines: Sequence[str]) -> None:
    end = SubElement(case, tag, type=plain_name(kind), message=plain_message(lines[0]))
    end.text = "\n".join(map(plain_message, lines))


def _in_a_line(finding: Finding) -> str:
    """Return a finding in a line, with its evidence."""
    group = Group((finding,))
    accepted = "" if finding.accepted is None else f"accepted by {finding.accepted.who}: {finding.accepted.because}; "
    return plain_message(f"{accepted}{as_text(summary(group))}; {as_text(details(group)[0])}")


def _facts(row: CellRow) -> dict[str, str | None]:
    span = None if row.low_us is None or row.high_us is None else f"{row.low_us:g}..{row.high_us:g}"
    return {
        "serial": row.cell.serial,
        "artifact_sha256": row.artifact_sha256,
        "binary_sha256": row.binary_sha256,
        "latency_us": None if row.latency_us is None else f"{row.latency_us:g}",
        "latency_ci_us": span,
        "runs": str(row.runs),
        "size_bytes": None if row.size_bytes is None else str(row.size_bytes),
    }


def _ratios(findings: Sequence[Finding]) -> dict[str, str | None]:
    """Return how the cell's worst finding compares with before."""
    worst = next((each for each in findings if each.alarm), next(iter(findings), None))
    if worst is None:
        return {}
    span = None if worst.low is None or worst.high is None else f"{worst.low:.4f}..{worst.high:.4f}"
    ratio = None if worst.ratio is None else f"{worst.ratio:.4f}"
    return {"class": str(worst.kind), "standing": str(worst.standing), "ratio": ratio, "ratio_ci": span}


def _add_properties(parent: Element, facts: Mapping[str, str | None]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in facts.items():
        if value is not None:
            SubElement(properties, "property", name=name, value=plain_name(value))


def _class_name(device: str) -> str:
    """Return a device as a class: Jenkins takes what stands before the last point for a package."""
    return device.replace(".", "_")


def _count(suite: Element, cases: Iterable[Element], *, skipped: bool) -> None:
    """Write how many cases of each end there are, and what they took together."""
    listed = list(cases)
    failures, errors, left_out = (sum(case.find(kind) is not None for case in listed) for kind in _KINDS)
    suite.set("tests", str(len(listed)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    if skipped:
        suite.set("skipped", str(left_out))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in listed):.3f}")
