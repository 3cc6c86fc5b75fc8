"""Opens the studio from a checkout: the same as `fmstudio`."""

import sys

from fmstudio.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
