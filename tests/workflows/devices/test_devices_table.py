"""`mbench devices` on narrow terminals."""

import pytest

from mbench.report.render.fitting import fit_table, table_width
from mbench.report.render.markdown import table_markdown
from mbench.workflows.devices.device_list import DeviceStatus, as_table

HOLDER = (
    "mbench run mobilenet_v1_1.00_224_int8 of somebody@a-laboratory-host, process 123456, since 2026-11-22 18:00 UTC"
)


def status(serial: str, **changes: object) -> DeviceStatus:
    known: dict[str, object] = {
        "address": "127.0.0.1:40001",
        "profile": "galaxy_s10_snapdragon",
        "state": "ready",
        "model": "SM-G973U",
        "soc": "SM8150",
        "android": "13",
        "abi": "arm64-v8a",
        "busy_by": None,
        "battery": 92.0,
        "thermal_status": 0,
        "remedy": None,
        "emulated": True,
    }
    return DeviceStatus(serial=serial, **{**known, **changes})  # type: ignore[arg-type]


ALL = (
    status("EMULATED01"),
    status("EMULATED02", state="busy", busy_by=HOLDER, remedy=f"in use by {HOLDER}; wait until that has ended."),
    status("127.0.0.1:40003", state="no permissions", profile=None, model=None, soc=None, emulated=False),
)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_table_of_phones_fits_the_terminal(width):
    assert table_width(fit_table(as_table(ALL), width)) <= width


def test_at_80_columns_profile_and_model_stay():
    headers = [column.header for column in fit_table(as_table(ALL), 80).columns]
    assert headers[:4] == ["Serial", "State", "Profile", "Model"]


def test_who_uses_a_busy_phone_stands_below_the_table_and_not_in_it():
    table = as_table(ALL)
    assert [row[1].text for row in table.rows] == ["ready", "busy", "no permissions"]
    assert [line for line in table.footnotes if HOLDER in line] == [
        f"EMULATED02: in use by {HOLDER}; wait until that has ended."
    ]


def test_where_phones_share_a_serial_their_addresses_stay():
    two = (status("0123456789ABCDEF", emulated=False), status("0123456789ABCDEF", emulated=False))
    headers = [column.header for column in fit_table(as_table(two), 80).columns]
    assert ("Address" in headers, "Model" in headers) == (True, False)


def test_a_phone_that_names_itself_without_end_widens_no_table():
    hostile = status("9" * 5000, model="a b " * 1500, soc="\u200b".join("x" * 3000), remedy="r" * 6000, emulated=False)
    for text in (table_markdown(as_table((hostile, *ALL))), table_markdown(as_table((hostile,)))):
        lines = text.splitlines()
        assert max(map(len, lines)) < 1500
        assert "999 […] 999" in text
    assert table_width(fit_table(as_table((hostile, *ALL)), 80)) <= 80
