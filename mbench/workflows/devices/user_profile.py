"""Device profiles as a user has them: their own folder comes before what mbench ships."""

from mbench.devices.profiles.profile import Profile, load_profile
from mbench.workflows.home import home


def user_profile(name: str) -> Profile:
    """Return a profile, the user's own before the shipped one.

    Raises:
        UsageError: no such profile, or one that is damaged.
    """
    return load_profile(name, user_folder=home() / "device_profiles")
