"""The law of our own workflows: a function from a text to its faults, so that a test can break it.

What it asks is what GitHub's own guide asks, and stricter where that costs nothing:
https://docs.github.com/en/actions/reference/security/secure-use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

#: They run with the base repository's secrets because a stranger opened or pushed something.
_WITH_SECRETS_FOR_STRANGERS = {"pull_request_target", "workflow_run"}
_PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$|^docker://\S+@sha256:[0-9a-f]{64}$")
#: An input that an action runs as a program.
_SCRIPT_INPUTS = ("script", "run", "args", "command")

Document = dict[str, Any]


def workflow_faults(text: str, *, may_write: frozenset[str]) -> list[str]:
    """Say everything that is wrong with a workflow or a composite action.

    Args:
        text: The YAML file.
        may_write: The permissions that one of its jobs may have with `write`.
    """
    # `on:` is the boolean True in YAML 1.1; the loader's own word for it is kept.
    document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    if not isinstance(document, dict):
        return ["no workflow"]
    faults = [f"runs on {name}" for name in _events(document) & _WITH_SECRETS_FOR_STRANGERS]
    jobs = document.get("jobs", {})
    if "jobs" in document and document.get("permissions") != {}:
        faults.append("permissions on top are not empty")
    for name, job in jobs.items():
        faults += [f"{name}: {fault}" for fault in _job_faults(job, may_write)]
    for step in document.get("runs", {}).get("steps", []):
        faults += _step_faults(step)
    return faults


def _events(document: Document) -> set[str]:
    events = document.get("on", {})
    return {events} if isinstance(events, str) else set(events)


def _job_faults(job: Document, may_write: frozenset[str]) -> Iterator[str]:
    granted = job.get("permissions")
    if not isinstance(granted, dict) or not granted:
        yield "names no permissions"
    else:
        writing = {name for name, access in granted.items() if access not in {"read", "none"}}
        yield from (f"may write {name}" for name in sorted(writing - may_write))
    if not str(job.get("timeout-minutes", "")).isdecimal():
        yield "has no timeout-minutes"
    if "self-hosted" in str(job.get("runs-on", "")):
        yield "runs on a machine of our own"
    if job.get("secrets") == "inherit":
        yield "hands every secret on"
    if "uses" in job:
        yield from _use_faults(str(job["uses"]))
    for step in job.get("steps", []):
        yield from _step_faults(step)


def _step_faults(step: Document) -> Iterator[str]:
    given = step.get("with", {})
    scripts = [step.get("run", ""), step.get("shell", ""), step.get("working-directory", "")]
    scripts += [given.get(name, "") for name in _SCRIPT_INPUTS]
    if any("${{" in str(script) for script in scripts):
        yield "an expression stands in a script"
    if "uses" in step:
        yield from _use_faults(str(step["uses"]))
        checks_out = str(step["uses"]).startswith("actions/checkout@")
        if checks_out and given.get("persist-credentials") != "false":
            yield "a checkout leaves its token behind"


def _use_faults(name: str) -> Iterator[str]:
    if not _PINNED.match(name):
        yield f"{name} is pinned to no commit"
