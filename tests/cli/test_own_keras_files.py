"""`--keras` and `--saved-model` on the command line; `test_readme_network` has one found again without tensorflow."""

from pathlib import Path

import pytest
from command_line import ONCE, Command, rows_of
from own_models import save_models


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


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_keras_file_of_several_inputs_is_measured(bare: Command, tmp_path: Path, tensorflow_worker) -> None:
    tensorflow_worker.submit(save_models, tmp_path).result()
    done = bare("run", "--keras", str(tmp_path / "siamese.keras"), "--quantization", "fp32,int8", "--json", *ONCE)

    assert [(row["variant"], row["status"]) for row in rows_of(done)] == [
        ("siamese_fp32", "ok"),
        ("siamese_int8", "ok"),
    ], done.stderr
