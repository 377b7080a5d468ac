import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from command_line import bare, home, mbench  # noqa: F401
