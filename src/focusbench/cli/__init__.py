"""The command line: the same verbs for scripts and for people without a notebook.

Never: holds logic of its own, or imports widgets.
Imported by: nobody; it is the program.
"""

from focusbench.cli.main import main

__all__ = ["main"]
