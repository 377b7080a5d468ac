from pathlib import Path

import pytest
from dataset_samples import examples_of, level_of, shown, write_lines, write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.errors import DatasetError
from mbench.core.examples import Place, Split, Task


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_picture(tmp_path / "a.jpg", 10)
    write_picture(tmp_path / "more" / "b.jpg", 20)
    write_lines(
        tmp_path / "places.csv", "image,latitude,longitude", "more/b.jpg,48.8584,2.2945", "a.jpg,-33.8568,151.2153"
    )
    return tmp_path


def test_places_are_read_in_the_files_order(photos: Path) -> None:
    examples = examples_of(f"geo:{photos / 'places.csv'}")
    assert shown(examples) == [
        ("more/b.jpg", Place(latitude=48.8584, longitude=2.2945)),
        ("a.jpg", Place(latitude=-33.8568, longitude=151.2153)),
    ]
    assert level_of(examples, 0) == 20


def test_a_folder_with_one_table_will_do(photos: Path) -> None:
    dataset = open_dataset(f"geo:{photos}")
    assert (dataset.task, dataset.head, dataset.trainable) == (Task.GEOLOCATION, None, False)
    assert len(dataset.split(Split.TEST)) == 2


def test_columns_of_other_lists_are_understood_in_any_order(photos: Path) -> None:
    write_lines(photos / "places.csv", "AUTHOR,LON,IMG_ID,LAT", "somebody,2.5,a.jpg,48.5")
    assert shown(examples_of(f"geo:{photos}")) == [("a.jpg", Place(latitude=48.5, longitude=2.5))]


def test_two_tables_by_name_are_two_splits(photos: Path) -> None:
    (photos / "places.csv").unlink()
    write_lines(photos / "train.csv", "image,lat,lon", "a.jpg,1,2")
    write_lines(photos / "test.csv", "image,lat,lon", "more/b.jpg,3,4")
    dataset = open_dataset(f"geo:{photos}")
    assert dataset.trainable
    assert shown(dataset.split(Split.TRAIN)) == [("a.jpg", Place(latitude=1, longitude=2))]


def test_a_picture_in_both_tables_is_named(photos: Path) -> None:
    write_lines(photos / "train.csv", "image,lat,lon", "a.jpg,1,2")
    write_lines(photos / "test.csv", "image,lat,lon", "a.jpg,3,4")
    with pytest.raises(DatasetError, match=r"train\.csv and .*test\.csv both list a\.jpg"):
        examples_of(f"geo:{photos}")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["a.jpg,48.1,2.3"],
            r"the first line of .*places\.csv is 'a\.jpg,48\.1,2\.3', which names no image and no lat",
        ),
        (["image,latitude", "a.jpg,1"], r"names no longitude\. Put a header there: image,latitude,longitude"),
        (["image,lat,lon"], r"places\.csv has a header and no rows"),
        (["image,lat,lon", "a.jpg,1"], r"places\.csv line 2 has 2 cells and the header 3"),
        (["image,lat,lon", "a.jpg,1,2", "a.jpg,north,2"], r"places\.csv line 3: latitude 'north' is no number"),
        (["image,lat,lon", "a.jpg,91,2"], r"places\.csv line 2: latitude 91 lies outside -90 to 90"),
        (["image,lat,lon", "a.jpg,nan,2"], r"places\.csv line 2: latitude nan lies outside"),
        (["image,lat,lon", "a.jpg,1,180.5"], r"line 2: longitude 180\.5 lies outside -180 to 180"),
        (["image,lat,lon", "c.jpg,1,2"], r"places\.csv lists c\.jpg, which .* does not hold"),
    ],
)
def test_a_table_that_is_broken_is_named_with_its_line(photos: Path, lines: list[str], message: str) -> None:
    write_lines(photos / "places.csv", *lines)
    with pytest.raises(DatasetError, match=rf"geo:PATH is a CSV file with a header.*; .*{message}"):
        examples_of(f"geo:{photos}")


def test_several_tables_without_a_word_are_refused(photos: Path) -> None:
    write_lines(photos / "others.csv", "image,lat,lon")
    with pytest.raises(DatasetError, match=r"holds others\.csv, places\.csv; call one of them test\.csv"):
        open_dataset(f"geo:{photos}")


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"{tmp_path} holds no \.csv file"):
        open_dataset(f"geo:{tmp_path}")


def test_a_table_that_is_no_text_is_refused(photos: Path) -> None:
    (photos / "places.csv").write_bytes(b"image,lat,lon\n\xff\xfe,1,2\n")
    with pytest.raises(DatasetError, match=r"places\.csv is no UTF-8 text: byte 14"):
        examples_of(f"geo:{photos}")
