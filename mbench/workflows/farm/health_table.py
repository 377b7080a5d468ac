"""The health of a host's phones as JSON, and as a table of what is not well."""

import json
from collections.abc import Iterator
from typing import Any

from mbench.devices.health.check import Check, CheckState
from mbench.report.render.text_table import Cell, Column, Style, TableValues
from mbench.workflows.farm.phone_health import HostHealth, PhoneHealth

_NOT_WELL = (CheckState.FAILED, CheckState.WARNING)
_COLUMNS = (("Phone", 0), ("Check", 0), ("State", 0), ("Figure", 0), ("Limit", 1))
"""Headers, and how soon a narrow terminal does without each."""


def is_unfit(health: HostHealth) -> bool:
    """Whether a check of a phone or of the host has failed, or a phone is in quarantine; a hold is wanted."""
    checks = [*health.checks, *(check for phone in health.phones for check in phone.checks)]
    return any(check.state is CheckState.FAILED for check in checks) or any(one.quarantined for one in health.phones)


def as_json(health: HostHealth) -> str:
    """Return all that was read and checked, as a JSON object."""
    host = {
        "readings": health.readings.model_dump(mode="json"),
        "checks": [check.model_dump(mode="json") for check in health.checks],
        "faults": [fault.model_dump(mode="json") for fault in health.faults],
    }
    return json.dumps({"host": host, "phones": [_phone(phone) for phone in health.phones]}, indent=1)


def as_table(health: HostHealth) -> TableValues:
    """Return a row for each check that is not well, with remedies below; a host's fault is one row for all phones."""
    return TableValues(
        columns=tuple(Column(header=header, spare=spare) for header, spare in _COLUMNS),
        rows=tuple(_rows(health)),
        footnotes=tuple(_remedies(health)),
        foot=tuple(_foot(health)),
    )


def _phone(phone: PhoneHealth) -> dict[str, Any]:
    return {
        "serial": phone.serial,
        "profile": phone.profile,
        "left_out": phone.left_out,
        "checks": [check.model_dump(mode="json") for check in phone.checks],
        "readings": phone.readings.model_dump(mode="json"),
    }


def _rows(health: HostHealth) -> Iterator[tuple[Cell, ...]]:
    name = f"host {health.readings.name}"
    for fault in health.faults:
        figure = f"{len(fault.serials)} of {fault.of} phones"
        yield _row(name, str(fault.cause), CheckState.FAILED, figure, None)
    for check in _not_well(health.checks):
        yield _row(name, check.name, check.state, check.figure, check.limit)
    for phone in health.phones:
        kind = " (emulated)" if phone.readings.emulated else ""
        for check in _own(health, phone):
            yield _row(f"{phone.serial}{kind}", check.name, check.state, check.figure, check.limit)


def _remedies(health: HostHealth) -> Iterator[str]:
    for fault in health.faults:
        yield f"{fault.message} {fault.remedy} They are {', '.join(fault.serials)}."
    for check in _not_well(health.checks):
        yield f"host {health.readings.name}: {check.name}: {check.remedy}"
    for phone in health.phones:
        for check in _own(health, phone):
            yield f"{phone.serial}: {check.name}: {check.remedy}"


def _foot(health: HostHealth) -> Iterator[str]:
    for phone in health.phones:
        if phone.left_out:
            yield f"{phone.serial}: {phone.left_out}; mbench farm release {phone.serial} ends that."
        unknown = [check.name for check in phone.checks if check.state is CheckState.UNKNOWN]
        if unknown:
            yield f"{phone.serial}: not known: {', '.join(unknown)}."
    well = [phone.serial for phone in health.phones if not _not_well(phone.checks)]
    if well:
        yield f"Well: {', '.join(well)}."


def _own(health: HostHealth, phone: PhoneHealth) -> tuple[Check, ...]:
    """Return the checks of a phone that are not well, without those that its host's faults stand for."""
    shared = {name for fault in health.faults if phone.serial in fault.serials for name in fault.checks}
    return tuple(check for check in _not_well(phone.checks) if check.name not in shared)


def _not_well(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return failures, then warnings."""
    return tuple(check for state in _NOT_WELL for check in checks if check.state is state)


def _row(who: str, what: str, state: CheckState, figure: str | None, limit: str | None) -> tuple[Cell, ...]:
    style = Style.BAD if state is CheckState.FAILED else Style.PLAIN
    return (Cell(who), Cell(what), Cell(state, style), Cell(figure or "?"), Cell(limit or ""))
