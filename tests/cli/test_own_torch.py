"""`--torch`: a function that gives a module, or an exported program, on the command line."""

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from command_line import ONCE, Command, rows_of
from linear_digits import _fitted, right_answers

INSTALLED = find_spec("litert_torch") is not None
needs_torch = pytest.mark.skipif(not INSTALLED, reason="litert-torch is not installed: pip install 'mbench[torch]'")

NETS = """
import pathlib
pathlib.Path(__file__).with_name("was_run").touch()
import numpy as np
import torch

class Pair(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.table, self.head = torch.nn.Embedding(4, width), torch.nn.Linear(width, 3)

    def forward(self, image, token):
        return {"score": self.head(self.table(token)) + image.mean(), "gap": image.mean((1, 2))}

def pair(width: int = 2):
    return Pair(width), {"image": torch.zeros(1, 8, 8), "token": torch.zeros(1, dtype=torch.int64)}

class Digits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(192, 10)
        found = np.load(pathlib.Path(__file__).with_name("fitted.npz"))
        self.head.load_state_dict({name: torch.tensor(found[name]).float() for name in found})

    def forward(self, picture):
        return self.head(picture.permute(0, 2, 3, 1).flatten(1))

def digits():
    return Digits(), torch.zeros(1, 3, 8, 8)
"""
EXPORT = """
import sys, torch, nets
module, sample = nets.digits()
torch.export.save(torch.export.export(module.eval(), (sample,)), "digits.pt2")
"""


@pytest.fixture
def folder(bare: Command) -> Command:
    (bare.folder / "nets.py").write_text(NETS)
    weights, bias = _fitted(8, 8)
    np.savez(bare.folder / "fitted.npz", weight=weights, bias=bias)
    return bare


@pytest.mark.skipif(INSTALLED, reason="litert-torch is installed here")
@pytest.mark.parametrize("said", ["nets.py:pair", "fitted.npz"])
def test_a_missing_extra_is_one_line_that_says_how_to_install_it(folder: Command, said: str) -> None:
    done = folder("build", "--torch", said)

    assert done.returncode == 2
    assert done.stderr == f"mbench: {said} needs litert-torch, which is not installed: pip install 'mbench[torch]'.\n"
    assert not (folder.folder / "was_run").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--torch", "gone.py:net"), "--torch gone.py: no such file"),
        (("--torch", "nets.py:pair", "--sweep", "height=3"), "--torch nets.py:pair has no parameter 'height'"),
        (("--torch", "nets.py:pair", "--custom-objects", "nets.py:Pair"), "--custom-objects has no meaning with"),
        (("--torch", "nets.py:pair", "--keras", "n.keras"), "nets.py:pair stands beside n.keras"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    folder: Command, options: tuple[str, ...], reason: str
) -> None:
    done = folder("build", *options)

    assert done.returncode == 2
    assert reason in done.stderr


@needs_torch
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--torch", "gone.pt2"), "--torch gone.pt2 cannot be read"),
        (("--torch", "nets.py:pair", "--weights", "w.pt"), "load them in pair, and say --weights builder"),
    ],
)
def test_files_that_cannot_be_are_refused(folder: Command, options: tuple[str, ...], reason: str) -> None:
    done = folder("build", *options)

    assert done.returncode == 2
    assert reason in done.stderr


@needs_torch
def test_a_module_keeps_the_names_of_its_ends_and_is_swept_and_quantized(folder: Command) -> None:
    done = folder(
        "build", "--torch", "nets.py:pair", "--sweep", "width=2,3", "--quantization", "fp32,drq,int8", "--json"
    )
    rows = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in rows] == [f"pair_width{w}_{q}" for w in (2, 3) for q in ("fp32", "drq", "int8")]
    assert all(row["snr_against"] == "PyTorch module" for row in rows)
    assert rows[0]["snr_db"] > 100


@needs_torch
def test_pictures_with_channels_in_front_are_scored_rightly_and_found_again_without_torch(
    folder: Command, tmp_path
) -> None:
    subprocess.run([sys.executable, "-c", EXPORT], cwd=folder.folder, check=True)
    shares = np.random.default_rng(0).uniform(0, 1, (40, 3, 8, 8)).astype(np.float32)
    np.savez(folder.folder / "examples.npz", picture=shares)
    first = ("--torch", "nets.py:digits", "--weights", "builder")
    scored = (
        "--quantization",
        "fp32,int8",
        "--calibration",
        "examples.npz",
        "--dataset",
        "digits",
        "--preprocessing",
        "unit",
        "--json",
        *ONCE,
    )
    rows = rows_of(folder("run", *first, *scored)) + rows_of(folder("run", "--torch", "digits.pt2", *scored))
    (folder.folder / "was_run").unlink()
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('nothing here needs torch')")
    again = rows_of(folder("run", *first, *scored, PYTHONPATH=f"{tmp_path}:{folder.environment.get('PYTHONPATH', '')}"))

    right = right_answers().mean()
    assert [row["top1"] for row in rows if row["variant"] == "digits_fp32"] == pytest.approx([right, right])
    assert all(row["top1"] > right - 0.03 for row in rows)
    assert [row["artifact_sha256"] for row in again] == [row["artifact_sha256"] for row in rows[:2]]
    assert not (folder.folder / "was_run").exists()
