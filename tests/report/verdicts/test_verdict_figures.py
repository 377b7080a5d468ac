"""Figures of findings: units and signs, and what is not known."""

import pytest
from sample_verdicts import certain, finding

from mbench.core.nights.verdicts import FindingClass
from mbench.report.verdicts.figures import change, interval, levels

PSNR = {"before": 31.0, "now": 30.69, "unit": "psnr (dB)"}


@pytest.mark.parametrize(
    ("found", "changed", "from_to"),
    [
        (finding(), "+10.2 %", "13.0 to 14.3 ms"),
        (finding(now=12_000.0), "-7.6 %", "13.0 to 12.0 ms"),
        (certain(FindingClass.FALLBACK), "33 to 12 nodes", "33 to 12 nodes"),
        (certain(FindingClass.ACCURACY), "-1.3 points", "71.2 to 69.9 %"),
        (certain(FindingClass.ACCURACY, before=None), "?", "? to 69.9 %"),
        (certain(FindingClass.ACCURACY, now=None), "?", "71.2 to ? %"),
        (certain(FindingClass.ACCURACY, **PSNR), "-0.310", "31.00 to 30.69 psnr (dB)"),
        (certain(FindingClass.ACCURACY, **PSNR | {"before": 0.0, "now": 12.5}), "+12.5", "0 to 12 psnr (dB)"),
        (certain(FindingClass.ACCURACY, **PSNR | {"before": None}), "?", "? to 30.7 psnr (dB)"),
        (certain(FindingClass.ACCURACY, **PSNR | {"unit": "@bob <b>"}), "-0.310", "31.00 to 30.69 ?bob ?b?"),
        (certain(FindingClass.SIZE), "+3.2 %", "4.46 to 4.60 MB"),
        (certain(FindingClass.MEMORY), "+22.1 %", "24.0 to 29.3 MiB"),
        (certain(FindingClass.FALLBACK, now=None), "33 to ? nodes", "33 to ? nodes"),
        (finding(before=None, now=None), "?", ""),
        (finding(before=None), "?", "? to 14.3 ms"),
        (finding(unit="</b>"), "+10.2 %", "12985.0 to 14310.0"),
    ],
)
def test_changes_and_levels_have_their_units(found, changed, from_to):
    assert (change(found), levels(found)) == (changed, from_to)


def test_an_interval_is_in_percent_and_absent_where_one_end_is_not_known():
    assert interval(finding()) == " [+8.9, +11.5]"
    assert interval(finding(low=None)) == ""
    assert interval(finding(high=None)) == ""
