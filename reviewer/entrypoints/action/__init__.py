"""The door that GitHub's runner opens: reads the event, has it attended to, tells how it ended.

Nothing here talks to GitHub or to a model; that is wired behind `reviewer.bootstrap`. Exit codes
are the command line's, with one difference: a run that could not review is no red job, unless the
workflow asks for that (docs/adr/ADR-0013-the-action.md).
"""
