"""The recorded protocol buffers."""

import pytest
from recorded_texts import ARTIFACTS, FOLDER

from mbench.core.errors import RunFailed
from mbench.core.results import DelegateCoverage
from mbench.runner.output.protos import read_profile, read_runtime_info

RUNTIME_INFO = (FOLDER / "artifact_model_runtime_info.pb").read_bytes()
PROFILE = (FOLDER / "artifact_op_profile.pb").read_bytes()


def test_the_runtime_information_says_who_executes_how_many_nodes() -> None:
    replaced = ARTIFACTS["runtime_info"]["delegates"]["TfLiteXNNPackDelegate"]
    assert read_runtime_info(RUNTIME_INFO) == (
        DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=sum(replaced), total=31, partitions=4, subgraph=0),
    )


def test_operator_times_are_sums_over_inferences() -> None:
    profile = read_profile(PROFILE, runs=3, mean_us=81382.3)
    assert len(profile.operators) == ARTIFACTS["op_profile_ops"]
    first = profile.operators[0]
    assert (first.run_order, first.node_type, first.times_called) == (0, "Convolution (NHWC, QU8) IGEMM", 1)
    assert first.us_per_inference == 27037 / 3
    assert profile.coverage == sum(one.us_per_inference for one in profile.operators) / 81382.3


def test_rows_merged_under_one_name_count_with_all_their_calls() -> None:
    profiling_info_pb2 = pytest.importorskip("ai_edge_litert.profiling_info_pb2")
    message = profiling_info_pb2.BenchmarkProfilingData()
    row = message.runtime_profile.subgraph_profiles.add().per_op_profiles.add()
    row.name, row.times_called = "Delegate/Convert (NC, F32, QD8):0", 7
    row.inference_microseconds.sum, row.inference_microseconds.count, row.inference_microseconds.avg = 2100, 70, 30
    profile = read_profile(message.SerializeToString(), runs=10)
    assert profile.operators[0].us_per_inference == 210
    assert profile.operators[0].times_called == 7
    assert profile.coverage is None


@pytest.mark.parametrize("data", [b"", b"\xff" * 64, PROFILE[:-7]])
def test_a_broken_profile_is_an_io_failure(data: bytes) -> None:
    with pytest.raises(RunFailed) as caught:
        read_profile(data, runs=3)
    assert caught.value.error_class == "io"


@pytest.mark.parametrize("data", [b"", b"\xff" * 64, RUNTIME_INFO[:-7]])
def test_broken_runtime_information_is_an_io_failure(data: bytes) -> None:
    with pytest.raises(RunFailed) as caught:
        read_runtime_info(data)
    assert caught.value.error_class == "io"


def test_a_profile_without_operators_is_an_output_failure() -> None:
    profiling_info_pb2 = pytest.importorskip("ai_edge_litert.profiling_info_pb2")
    message = profiling_info_pb2.BenchmarkProfilingData(model_name="m")
    with pytest.raises(RunFailed) as caught:
        read_profile(message.SerializeToString(), runs=3)
    assert caught.value.error_class == "output"


def test_a_name_that_is_not_utf_8_is_read_with_a_mark_in_its_place() -> None:
    profile = (FOLDER / "artifact_op_profile.pb").read_bytes()
    data = profile.replace(b"MobilenetV1/Predictions/Resh", b"MobilenetV1/Predictions/\xfeesh")
    assert data != profile
    assert any("\ufffd" in operator.name for operator in read_profile(data, runs=50).operators)
    info = (FOLDER / "artifact_model_runtime_info.pb").read_bytes()
    data = info.replace(b"TfLiteXNNPackDelegate", b"TfLiteXNNPackDelegat\xfe")
    assert {coverage.name for coverage in read_runtime_info(data)} == {"TfLiteXNNPackDelegat\ufffd"}
