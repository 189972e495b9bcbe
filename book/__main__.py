"""Builds the book from the committed notebooks, without running them. Usage: python -m book [--output DIR]"""

import argparse
import sys
from pathlib import Path

from book.build import FOLDER, build

parser = argparse.ArgumentParser(prog="python -m book", description="Build the book; warnings are errors.")
parser.add_argument("--output", type=Path, default=FOLDER / "_build", help="where html/ goes; book/_build by default")
sys.exit(build(parser.parse_args().output))
