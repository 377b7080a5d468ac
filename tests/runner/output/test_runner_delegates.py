"""What a text of the GPU or of XNNPACK must show before it counts for one."""

from dataclasses import replace

import pytest
from delegate_evidence import (
    FALLBACK,
    FULL,
    PARTIAL,
    codes,
    error_class,
    recorded,
)
from recorded_texts import RECORDINGS

from mbench.core.results import WarningCode
from mbench.runner.delegate_proof import delegate_doubts
from mbench.runner.evidence import delegate_proof, find_failure


@pytest.mark.parametrize(
    ("delegate", "name", "expected"),
    [
        ("gpu", PARTIAL, None),
        ("gpu:cl", PARTIAL, None),
        ("gpu:gl", PARTIAL, "delegate"),
        ("gpu", FALLBACK, None),
        ("gpu:gl", FALLBACK, None),
        ("gpu:cl", FALLBACK, "delegate"),
        ("gpu", FULL, None),
        ("cpu", FULL, "usage"),  # it says that it uses the GPU
        ("nnapi", PARTIAL, "usage"),
        ("nnapi", "trap_nnapi_unsupported_ran_on_cpu", "delegate"),
        ("nnapi:qti-dsp", "trap_nnapi_unsupported_ran_on_cpu", "delegate"),
        ("gpu", "crash_gpu_unavailable_abort", "crash:SIGABRT"),
        ("external:/data/local/tmp/libfoo.so", "crash_external_delegate_missing_segv", "crash:SIGSEGV"),
        ("xnnpack", "fail_require_full_delegation_partial", "delegate"),
        ("gpu", "ok_xnnpack_explicit", "delegate"),
        ("external:/d/libfoo.so", "ok_xnnpack_explicit", "delegate"),
        ("xnnpack:fp16", "ok_xnnpack_explicit", None),
    ],
)
def test_a_sample_counts_only_for_what_it_shows(delegate: str, name: str, expected: str | None) -> None:
    assert error_class(find_failure(recorded(delegate, name))) == expected


@pytest.mark.parametrize(
    "name", sorted(name for name, sample in RECORDINGS.items() if not name.startswith("recon_gpu") and name != FULL)
)
@pytest.mark.parametrize("delegate", ["gpu", "nnapi", "external:/d/libfoo.so"])
def test_no_recording_of_the_cpu_counts_for_an_accelerator(delegate: str, name: str) -> None:
    assert find_failure(recorded(delegate, name)) is not None


@pytest.mark.parametrize(("name", "api"), [(PARTIAL, "OpenCL"), (FALLBACK, "OpenGL"), (FULL, "OpenCL")])
def test_the_api_that_drove_the_gpu_is_known(name: str, api: str) -> None:
    assert delegate_proof(recorded("gpu", name)).gpu_api == api


def test_a_partial_delegation_is_doubted_with_its_share() -> None:
    doubts = delegate_doubts(delegate_proof(recorded("gpu", PARTIAL)))
    assert doubts[0].code is WarningCode.PARTLY_DELEGATED
    assert doubts[0].message == "gpu executed 21 of 31 nodes; the CPU the others, 8 of them by XNNPACK"


def test_the_runtime_information_knows_the_share_best() -> None:
    proof = replace(delegate_proof(recorded("gpu", FALLBACK)), nodes=33)
    assert delegate_doubts(proof)[0].message == "gpu executed 31 of 33 nodes; the CPU the others"


def test_an_old_text_without_totals_tells_a_partial_delegation_by_its_words() -> None:
    stdout = RECORDINGS[FULL].stdout.replace(
        "completely executed by the delegate", "partially executed by the delegate"
    )
    doubts = delegate_doubts(delegate_proof(recorded("gpu:fp32", FULL, stdout=stdout)))
    assert [doubt.message for doubt in doubts] == ["gpu:fp32 executed 64 nodes and not all of them; the CPU the others"]


@pytest.mark.parametrize("name", [FALLBACK, FULL])
def test_a_whole_delegation_is_not_doubted(name: str) -> None:
    assert WarningCode.PARTLY_DELEGATED not in codes(delegate_doubts(delegate_proof(recorded("gpu", name))))


@pytest.mark.parametrize(
    ("delegate", "name", "reduced"),
    [
        ("gpu", FALLBACK, True),
        ("gpu:fp32", FALLBACK, False),
        ("xnnpack:fp16", "ok_xnnpack_explicit", True),
        ("xnnpack", "ok_xnnpack_explicit", False),
    ],
)
def test_float16_is_labelled_as_reduced_precision(delegate: str, name: str, reduced: bool) -> None:
    assert (
        WarningCode.REDUCED_PRECISION in codes(delegate_doubts(delegate_proof(recorded(delegate, name))))
    ) == reduced


@pytest.mark.parametrize(
    "lost",
    [
        "Created 1 GPU delegate kernels.",
        "VERBOSE: Replacing 31 out of 31 node(s) with delegate (TfLiteGpuDelegateV2) node, ",
    ],
)
def test_a_gpu_row_needs_its_kernels_and_its_nodes(lost: str) -> None:
    stdout = RECORDINGS[FALLBACK].stdout
    assert lost in stdout
    kept = "\n".join(line for line in stdout.splitlines() if lost not in line)
    assert error_class(find_failure(recorded("gpu", FALLBACK, stdout=kept))) == "delegate"


def test_a_gpu_row_whose_runtime_information_shows_no_gpu_does_not_count() -> None:
    given = replace(recorded("gpu", FALLBACK), runtime_info=())
    assert error_class(find_failure(given)) == "delegate"


def test_a_backend_that_no_line_names_is_not_proved() -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("INFO: Initialized OpenCL-based API.\n", "")
    assert find_failure(recorded("gpu", PARTIAL, stdout=stdout)) is None
    assert error_class(find_failure(recorded("gpu:cl", PARTIAL, stdout=stdout))) == "delegate"


@pytest.mark.parametrize(
    "words", ["Initialized OpenCL-based API from serialized data.", "Initialized OpenCL-based API."]
)
def test_kernels_from_a_cache_name_their_api_too(words: str) -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("Initialized OpenCL-based API.", words)
    assert find_failure(recorded("gpu:cl", PARTIAL, stdout=stdout)) is None


@pytest.mark.parametrize(
    ("delegate", "echo"),
    [
        ("gpu:fp32", "Allow lower precision in gpu: [1]"),
        ("gpu:cl", "GPU backend: [gl]"),
        ("gpu", "Use NNAPI: [1]"),
    ],
)
def test_settings_other_than_those_given_do_not_count(delegate: str, echo: str) -> None:
    stdout = RECORDINGS[PARTIAL].stdout.replace("INFO: Use gpu: [1]", f"INFO: Use gpu: [1]\nINFO: {echo}")
    assert error_class(find_failure(recorded(delegate, PARTIAL, stdout=stdout))) == "usage"


def test_float16_that_the_program_did_not_take_does_not_count() -> None:
    stdout = RECORDINGS["ok_xnnpack_explicit"].stdout.replace(
        "INFO: Use xnnpack: [1]", "INFO: Use xnnpack: [1]\nINFO: xnnpack_force_fp16: [0]"
    )
    assert error_class(find_failure(recorded("xnnpack:fp16", "ok_xnnpack_explicit", stdout=stdout))) == "usage"
