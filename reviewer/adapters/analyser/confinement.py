"""Asks Linux to keep two processes of one user apart; elsewhere nothing is asked.

https://man7.org/linux/man-pages/man2/prctl.2.html. What is not held off stands in ADR-0013:
neither call stops root, nor whoever can reach a container engine's socket.
"""

from __future__ import annotations

import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9


def hide_process() -> bool:
    """Keep other processes of this user from reading this one's environment and memory.

    Without it ``/proc/PID/environ`` shows everything that this process was started with.

    Returns:
        Whether the system did it.
    """
    return _ask(_PR_SET_DUMPABLE, 0)


def confine_process() -> bool:
    """Give up every way to more rights (``sudo``) for good, and end when the parent ends.

    Returns:
        Whether the system did both.
    """
    confined = _ask(_PR_SET_NO_NEW_PRIVS, 1)
    return _ask(_PR_SET_PDEATHSIG, _SIGKILL) and confined


def _ask(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - only where there is something to ask

    try:
        control = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    # The arguments are unsigned long; NO_NEW_PRIVS refuses a call whose unused ones are not zero.
    numbers = (ctypes.c_ulong(number) for number in (value, 0, 0, 0))
    return bool(control(option, *numbers) == 0)
