"""`--keras` and `--saved-model` on the command line."""

from pathlib import Path

import pytest
from command_line import SHORT, Command, rows_of
from own_models import save_models

NO_TENSORFLOW = "raise ImportError('nothing here needs tensorflow')"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--keras", "gone.keras"), "--keras gone.keras cannot be read: No such file or directory"),
        (("--saved-model", "gone"), "--saved-model gone: no such folder"),
        (("--saved-model", "."), "--saved-model .: has no saved_model.pb"),
        (("--keras", "n.keras", "--classes", "3"), "--classes has no meaning with n.keras"),
        (("--keras", "n.keras", "--weights", "none"), "--weights has no meaning with n.keras"),
        (("--saved-model", "d", "--allow-lambda"), "--allow-lambda has no meaning with d"),
        (("--keras", "n.keras", "--sweep", "resolution"), "resolution cannot be varied of n.keras"),
        (("--keras", "n.keras", "--alpha", "0.5"), "alpha cannot be varied of n.keras"),
        (("--keras", "n.keras", "mobilenet_v1_0.25_32_int8"), "mobilenet_v1_0.25_32_int8 stands beside n.keras"),
        (("--keras", "n.keras", "--custom-objects", "gone.py:A"), "--custom-objects gone.py: no such file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    bare: Command, options: tuple[str, ...], reason: str
) -> None:
    if "gone" not in options[1]:
        (bare.folder / "n.keras").write_bytes(b"PK")
    done = bare("build", *options)

    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.tensorflow
def test_a_keras_file_is_measured_and_found_again_without_tensorflow(
    bare: Command, tmp_path: Path, tensorflow_worker
) -> None:
    tensorflow_worker.submit(save_models, tmp_path).result()
    asked = ("run", "--keras", str(tmp_path / "siamese.keras"), "--quantization", "fp32,int8", "--json", *SHORT)
    first = bare(*asked)
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(NO_TENSORFLOW)
    second = bare(*asked, PYTHONPATH=f"{tmp_path}:{bare.environment['PYTHONPATH']}")

    assert [(row["variant"], row["status"]) for row in rows_of(first)] == [
        ("siamese_fp32", "ok"),
        ("siamese_int8", "ok"),
    ], first.stderr
    assert second.returncode == 0, second.stderr
    assert [row["artifact_sha256"] for row in rows_of(second)] == [row["artifact_sha256"] for row in rows_of(first)]
