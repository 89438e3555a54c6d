"""Switches the guards on inside a command that a test starts; Python imports it by its name.

https://docs.python.org/3/library/site.html#module-sitecustomize
"""

import os
import sys

if "GUARD_ROOTS" in os.environ:
    sys.path.insert(0, os.environ["GUARD_CHECKOUT"])
    from tests.guards import Guard

    sys.path.pop(0)
    _guard = Guard()
    _guard.lenient_for_tests = False
    _guard.loopback = "GUARD_LOOPBACK" in os.environ
    _guard.roots = tuple(os.environ["GUARD_ROOTS"].split(os.pathsep))
    _log = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    class _Log(list[str]):
        """Writes each refusal where the test that started the command reads it."""

        def append(self, refusal: str) -> None:  # type: ignore[explicit-override]  # no import
            os.write(_log, refusal.encode() + b"\n")

    _guard.refusals = _Log()
    _guard.install()
    _guard.active = True
