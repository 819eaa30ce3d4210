"""`python -m explorer` does the same as the console script `laf`."""

import sys

from explorer.command import main

if __name__ == "__main__":
    sys.exit(main())
