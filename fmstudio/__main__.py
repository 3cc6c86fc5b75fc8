"""`python -m fmstudio`: the same as the command `fmstudio`."""

import sys

from fmstudio.cli import main

if __name__ == "__main__":
    sys.exit(main())
