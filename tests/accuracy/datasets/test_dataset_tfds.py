import importlib.util
import pickle
from pathlib import Path
from typing import Any

import pytest
from dataset_samples import write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split

INSTALLED = importlib.util.find_spec("tensorflow_datasets") is not None

needs_package = pytest.mark.skipif(not INSTALLED, reason="tensorflow-datasets is not installed")


@pytest.mark.skipif(INSTALLED, reason="tensorflow-datasets is installed")
def test_without_the_package_the_message_tells_how_to_install_it() -> None:
    with pytest.raises(DatasetError, match=r"tfds:NAME is .*; .*Install it: pip install tensorflow-datasets"):
        open_dataset("tfds:mnist")


@pytest.mark.parametrize("name", ["huggingface:evil/code", "a.b.module", "../tiny", "/etc", "tiny:../x", "Tiny"])
def test_names_that_the_package_would_run_code_or_leave_its_folder_for_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="is not NAME, NAME/CONFIG or NAME:VERSION"):
        open_dataset(f"tfds:{name}")


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set `tiny` of two classes, prepared for random access as `tfds build` does it, without tensorflow."""
    tfds: Any = importlib.import_module("tensorflow_datasets")

    class Tiny(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=["a", "b"])}
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, _: Any) -> Any:
            return {"train": self._generate_examples(6, 0), "validation": self._generate_examples(4, 100)}

        def _generate_examples(self, count: int, level: int) -> Any:
            for number in range(count):
                picture = write_picture(tmp_path / f"{level + number}.png", level + number)
                yield number, {"image": str(picture), "label": number % 2}

    builder = Tiny(data_dir=tmp_path / "data", file_format="array_record")
    builder.download_and_prepare()
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@needs_package
@pytest.mark.filterwarnings("ignore")
def test_a_prepared_data_set_is_read(prepared: Path) -> None:
    dataset = open_dataset("tfds:tiny")
    examples = dataset.split(Split.TEST)
    levels = {int(examples.picture(index)[0, 0, 0]): examples.truth(index) for index in range(len(examples))}
    assert levels == {100: 0, 101: 1, 102: 0, 103: 1}
    assert dataset.head == Head(name="tfds", classes=2)
    assert dataset.trainable
    assert examples.class_names == ("a", "b")
    assert pickle.loads(pickle.dumps(examples)).facts == examples.facts


@needs_package
@pytest.mark.filterwarnings("ignore")
def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"tfds:no_such_set could not be opened: Dataset no_such_set not found"):
        open_dataset("tfds:no_such_set")
