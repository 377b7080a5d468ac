"""How hypothesis searches: by default the same examples on every run, so that a failure stays until it is mended.

`pytest --hypothesis-profile=search` draws new ones each time.
"""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("repeatable")
