import pytest

from mbench.devices.host.compute import core_compute, estimate

SERVER = "model name\t: AMD EPYC\ncpu MHz\t\t: 2600.000\nflags\t\t: fma avx2 avx512f avx512bw avx512_vnni avx_vnni\n"
DESKTOP = "cpu MHz : 3000.0\nflags : sse2 avx2 fma\n"
ARM = "BogoMIPS\t: 50.00\nFeatures\t: fp asimd asimddp\n"


@pytest.mark.parametrize(
    ("text", "clock_khz", "float_macs", "int8_macs"),
    [
        (SERVER, None, 2.6 * 32, 2.6 * 128),
        (SERVER, 4_000_000, 4.0 * 32, 4.0 * 128),
        (DESKTOP, None, 3.0 * 16, 3.0 * 32),
        (ARM, 2_000_000, 2.0 * 8, 2.0 * 32),
    ],
)
def test_a_peak_is_clock_times_lanes_times_two_units(text, clock_khz, float_macs, int8_macs):
    found = estimate(text, clock_khz=clock_khz)
    assert found.float_macs == pytest.approx(float_macs)
    assert found.int8_macs == pytest.approx(int8_macs)
    assert "taken for granted" in found.how


@pytest.mark.parametrize("text", ["", "flags : sse2\ncpu MHz : 3000\n", ARM])
def test_without_flags_or_clock_nothing_is_said(text):
    assert estimate(text, clock_khz=None) is None


def test_this_host_has_a_positive_peak_or_none():
    found = core_compute()
    assert found is None or (found.float_macs > 0 and found.int8_macs > 0)
