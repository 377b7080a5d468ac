"""Options that would change nothing are refused, by the command that would else seem to follow them."""

import pytest
from command_line import SMALL

DATA = ("--dataset", "digits")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("build", SMALL, "--classes", "7"), f"--classes has no meaning with {SMALL}"),
        (("build", SMALL, "--arch", "mobilenet_v1"), f"--arch has no meaning with {SMALL}"),
        (("build", SMALL, "--alpha", "0.5"), f"--alpha has no meaning with {SMALL}"),
        (("build", "--sweep", "threads"), "threads has no meaning for a file that is built"),
        (("build", "--sweep", "delegate=cpu"), "delegate has no meaning for a file that is built"),
        (("run", SMALL, "--resolution", "64"), f"--resolution has no meaning with {SMALL}"),
        (("run", SMALL, "--sweep", "alpha"), "alpha cannot be swept over a named variant"),
        (("run", "--model", "my.tflite", "--weights", "none"), "--weights has no meaning with my.tflite"),
        (("run", "--model", "my.tflite", "--arch", "vgg16"), "--arch has no meaning with my.tflite"),
        (("run", "--model", "my.tflite", "--classes", "7"), "--classes has no meaning with my.tflite"),
        (("run", "--model", "my.tflite", "--quantizer", "tf"), "--quantizer has no meaning with my.tflite"),
        (("run", "--suite", "mobilenets/table-6", "--arch", "vgg16"), "--suite names its networks; leave --arch out"),
        (("evaluate", "my.tflite", *DATA, "--weights", "none"), "--weights has no meaning with my.tflite"),
        (("evaluate", "my.tflite", *DATA, "--calibration", "."), "--calibration has no meaning with my.tflite"),
        (("report", "--json", "--format", "csv"), "--json prints JSON, and --format csv asks for another form"),
        (("inspect", SMALL, "--json", "--format", "table"), "--json prints JSON, and --format table asks"),
        (("run", SMALL, "--json", "--format", "md", "--dry-run"), "--json prints JSON, and --format md asks"),
    ],
    ids=str,
)
def test_an_option_without_a_meaning_is_named_with_what_it_has_none_for(bare, command, said):
    (bare.folder / "my.tflite").touch()
    done = bare(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_a_named_variant_is_built_of_is_taken(bare):
    done = bare("run", SMALL, "--weights", "none", "--calibration-examples", "8", "--dry-run", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
