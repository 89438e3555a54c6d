"""The command line: reviews a change where the person sits, with no account, key or server.

Modules here import nothing heavy at their top, so that ``--help`` answers at once; what a command
needs is imported when it runs.
"""

from reviewer.entrypoints.cli.program import main

__all__ = ["main"]
