"""The analyser's process is given names of a list, and never a secret that is not for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer.adapters.analyser.environment import INHERITED, analyser_environment
from reviewer.config import KEY_VARIABLES
from reviewer.errors import UserError
from tests.guards import CANARIES, find_canary

MODEL_KEYS = {"ANTHROPIC_API_KEY", "OPENAI_API_KEY"}
#: What a runner and a workflow put into a job's environment.
RUNNER = {
    "ACTIONS_CACHE_URL": "https://cache.example",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "id-token-value",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example",
    "ACTIONS_RUNTIME_TOKEN": "runtime-token-value",
    "CI": "true",
    "GH_TOKEN": "gho-token-value",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_ENV": "/runner/env",
    "GITHUB_EVENT_PATH": "/runner/event.json",
    "GITHUB_OUTPUT": "/runner/output",
    "GITHUB_STEP_SUMMARY": "/runner/summary",
    "GITHUB_TOKEN": "ghs-token-value",
    "INPUT_GITHUB-TOKEN": "ghs-token-value",
    "INPUT_STATE-KEY": "state-key-value",
    "PYTHONPATH": "/somewhere",
    "LD_PRELOAD": "/somewhere/evil.so",
    "REVIEWER_GITHUB_TOKEN": "ghs-token-value",
    "REVIEWER_INPUT_FAIL_ON": "major",
    "REVIEWER_STATE_KEY": "state-key-value",
    "RUNNER_TEMP": "/runner/temp",
    "SSH_AUTH_SOCK": "/run/agent",
    "AWS_SECRET_ACCESS_KEY": "aws-value",
}
OURS = {
    "PATH": "/usr/bin",
    "HOME": "/home/someone",
    "XDG_STATE_HOME": "/home/someone/state",
    "LANG": "C.UTF-8",
    "REVIEWER_MODEL": "openai:example-1",
    "REVIEWER_STATE": "/runner/state",
    "OPENAI_API_KEY": "sk-example-1",
    "REVIEWER_COMPATIBLE_API_KEY": "key-example-2",
}


@pytest.mark.holds("S2", "S17")
def test_what_a_runner_holds_stays_out() -> None:
    assert analyser_environment({**RUNNER, **OURS}) == OURS


@pytest.mark.holds("S2", "S17")
def test_the_list_names_no_variable_of_a_runner_and_no_token() -> None:
    forbidden = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "GH_", "REVIEWER_INPUT_", "PYTHON")
    assert not [name for name in INHERITED if name.startswith(forbidden)]
    assert not {"REVIEWER_GITHUB_TOKEN", "REVIEWER_STATE_KEY"} & set(INHERITED)
    assert set(KEY_VARIABLES.values()) <= set(INHERITED)


@pytest.mark.holds("S2", "S17")
def test_of_the_canaries_only_the_keys_of_models_get_in() -> None:
    given = analyser_environment({**os.environ, **CANARIES})
    held = {name for name, value in given.items() if find_canary(value)}
    assert held == MODEL_KEYS


@pytest.mark.holds("S2", "S17")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REVIEWER_COMPATIBLE_API_KEY", "ghs-token-value"),
        ("OPENAI_API_KEY", "Bearer ghs-token-value"),
        ("REVIEWER_MODEL", "compatible:http://x/v1?key=state-key-value#m"),
    ],
)
def test_a_token_of_the_code_host_is_no_key_of_a_model(name: str, value: str) -> None:
    with pytest.raises(UserError) as caught:
        analyser_environment({**RUNNER, **OURS, name: value})
    assert name in str(caught.value)
    assert value not in str(caught.value)


def test_variables_that_are_empty_are_not_there() -> None:
    assert analyser_environment({"GITHUB_TOKEN": "", "PATH": "/bin", "LANG": ""}) == {
        "PATH": "/bin"
    }


_DUMPABLE = 4
_IS_DUMPABLE = 3
_HAS_NO_NEW_PRIVILEGES = 39

_HIDDEN = f"""
import ctypes, os
prctl = ctypes.CDLL(None).prctl
from reviewer.adapters.analyser.confinement import confine_process, hide_process
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
    prctl({_DUMPABLE}, 1, 0, 0, 0)
open("/proc/self/environ").close()
assert hide_process()
assert prctl({_IS_DUMPABLE}, 0, 0, 0, 0) == 0
try:
    open("/proc/self/environ")
except PermissionError:
    print("hidden", end=" ")
assert confine_process()
assert prctl({_HAS_NO_NEW_PRIVILEGES}, 0, 0, 0, 0) == 1
print("confined")
"""


@pytest.mark.holds("S2", "S17")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")
def test_a_hidden_process_cannot_be_read_by_others_of_its_user(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(sys.executable)
    done = subprocess.run(
        [sys.executable, "-c", _HIDDEN],
        # Nothing that measures: it could not write as the other user.
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["hidden", "confined"]
