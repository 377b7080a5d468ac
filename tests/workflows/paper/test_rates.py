import pytest
import sample_results as sample

from mbench.core.delegates import Delegate
from mbench.devices.host.compute import core_compute
from mbench.devices.host.facts import read_facts
from mbench.report.paper.compute_rate import Peak
from mbench.workflows.paper.compute_rates import peak_of

HERE = read_facts()
FP32, INT8 = "mobilenet_v1_1.00_224_fp32", "mobilenet_v1_1.00_224_int8"


@pytest.mark.skipif(core_compute() is None, reason="this host does not say how wide its vector units are")
@pytest.mark.parametrize(("name", "per_core"), [(FP32, "float_macs"), (INT8, "int8_macs")])
def test_the_peak_of_this_host_is_its_cores_by_what_the_file_multiplies(name, per_core):
    workload = sample.workload(name, threads=2)
    peak = peak_of(sample.result(name, device=HERE.model_copy(update={"cores": 4}), workload=workload))
    assert isinstance(peak, Peak)
    assert peak.gmacs == pytest.approx(2 * getattr(core_compute(), per_core))
    assert peak.how.startswith("2 cores")


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (HERE.model_copy(update={"serial": "elsewhere"}), "another host"),
        (HERE.model_copy(update={"profile": "pixel4"}), "its profile does not say"),
        (HERE.model_copy(update={"emulated": True}), "its profile does not say"),
    ],
)
def test_a_device_that_is_not_this_host_has_no_peak_and_says_why(device, said):
    assert said in peak_of(sample.result(FP32, device=device)).reason


def test_an_accelerator_has_no_peak():
    workload = sample.workload(FP32, delegate=Delegate(kind="gpu"))
    assert "nothing is known" in peak_of(sample.result(FP32, device=HERE, workload=workload)).reason


def test_of_16_bit_activations_nothing_is_known():
    name = "mobilenet_v1_1.00_224_int16x8"
    assert "is not known" in peak_of(sample.result(name, device=HERE)).reason
