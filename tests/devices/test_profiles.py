import pytest

from mbench.core.errors import UsageError
from mbench.devices.profiles import SHIPPED, load_profile, parse_profile


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_valid_and_bears_its_file_name(path):
    assert parse_profile(path.read_text(encoding="utf-8"), source=path.name).name == path.stem


def test_an_unknown_device_suggests_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'host'"):
        load_profile("hots")


def test_the_users_own_profile_comes_first(tmp_path):
    text = (SHIPPED / "host.toml").read_text(encoding="utf-8").replace("this machine", "mine")
    (tmp_path / "host.toml").write_text(text, encoding="utf-8")
    assert load_profile("host", user_folder=tmp_path).title == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("name = ", "Invalid value"), ('name = "x"', "title: Field required"), ("threads = 0", "name: Field required")],
)
def test_a_damaged_profile_is_named_with_the_reason(text, reason):
    with pytest.raises(UsageError, match=rf"mine.toml: {reason}"):
        parse_profile(text, source="mine.toml")
