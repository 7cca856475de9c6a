"""`python -m focusbench` is the command line."""

import sys

from focusbench.cli import main

sys.exit(main())
