"""Functions that give PyTorch modules, and exported programs, opened as in a process that builds."""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest

from mbench.core.builds.own_recipes import OwnForm, OwnNetwork
from mbench.core.errors import ArtifactError
from mbench.files.python_source import find_python
from mbench.models.own.torch_module import TorchNetwork, open_torch

pytestmark = [
    pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed: pip install 'mbench[torch]'"),
    pytest.mark.filterwarnings("default"),  # torch's own, of its libraries
]

NETS = """
import torch

class Pair(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(4, 2)

    def forward(self, image, token):
        return self.table(token) + image.mean()

def by_name(): return Pair(), {"token": torch.zeros(1, dtype=torch.int64), "image": torch.zeros(1, 8, 8)}
def by_order(): return Pair(), (torch.zeros(1, 8, 8), torch.zeros(1, dtype=torch.int64))
def alone(): return torch.nn.Linear(8, 3), torch.zeros(1, 8)
def number(): return 7
def module(): return Pair()
def lacking(): return Pair(), {"token": torch.zeros(1)}
def strange(): return Pair(), {"picture": torch.zeros(1)}
def wide(): return torch.nn.Linear(8, 3), (torch.zeros(1, 8), torch.zeros(1))
def plain(): return torch.nn.Linear(8, 3), [0.0]
def loud(): raise RuntimeError("no luck")
def leaves(): raise SystemExit(3)
COUNT = [0]
def restless():
    COUNT[0] += 1
    net = torch.nn.Linear(2, 2)
    net.bias.data += COUNT[0]
    return net, torch.zeros(1, 2)
"""


def opened(folder: Path, name: str) -> tuple[TorchNetwork, tuple[str, ...]]:
    (folder / "nets.py").write_text(NETS)
    named = find_python(f"{folder}/nets.py:{name}", option="--torch")
    network = OwnNetwork(form=OwnForm.TORCH, sha256=named.sha256, source=named.source, builder=named)
    return open_torch(network, None, timeout_s=60)


@pytest.mark.parametrize("name", ["by_name", "by_order"])
def test_inputs_bear_the_names_of_forward_in_its_order_and_are_of_32_bits(tmp_path: Path, name: str) -> None:
    network, _ = opened(tmp_path, name)

    assert [(each.name, each.shape, each.dtype) for each in network.inputs] == [
        ("image", (1, 8, 8), "float32"),
        ("token", (1,), "int32"),
    ]
    assert not network.module.training


def test_a_function_that_answers_otherwise_each_time_is_said_to(tmp_path: Path) -> None:
    assert "two calls with one seed differ in its weights" in opened(tmp_path, "restless")[1][0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("number", r"returned int, not \(torch\.nn\.Module, sample inputs\)"),
        ("module", r"returned Pair, not \(torch\.nn\.Module, sample inputs\)"),
        ("lacking", "gives no sample for image"),
        ("strange", "forward has no parameter 'picture'; it takes image, token"),
        ("wide", "gives 2 sample inputs; forward takes input"),
        ("plain", "the sample of input is float, not a tensor"),
        ("loud", r"raised RuntimeError: no luck \(nets\.py, line"),
        ("leaves", r"called sys\.exit\(3\) instead of returning"),
    ],
)
def test_what_a_function_does_wrong_is_one_line(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason) as raised:
        opened(tmp_path, name)
    assert len(str(raised.value).splitlines()) == 1


def test_an_exported_program_brings_its_own_shapes(tmp_path: Path) -> None:
    import torch

    stream = io.BytesIO()
    torch.export.save(torch.export.export(torch.nn.Linear(8, 3).eval(), (torch.zeros(2, 8),)), stream)
    network = OwnNetwork(form=OwnForm.TORCH_PROGRAM, sha256="", source="net.pt2")
    program, notes = open_torch(network, stream.getvalue(), timeout_s=60)

    assert [(each.name, each.shape) for each in program.inputs] == [("input", (2, 8))]
    assert notes == ()


def test_what_is_no_exported_program_is_one_line(tmp_path: Path) -> None:
    network = OwnNetwork(form=OwnForm.TORCH_PROGRAM, sha256="", source="net.pt2")
    with pytest.raises(ArtifactError, match=r"loading net\.pt2 raised"):
        open_torch(network, b"PK no program", timeout_s=60)
