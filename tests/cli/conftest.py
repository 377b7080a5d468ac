import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from command_line import bare, home, mbench, without_tensorflow  # noqa: F401
