"""All that an analyser gets of a pull request: values, no token, no address, no way to write.

The side that holds the code host's token reads a pull request and publishes; the side that holds
a model's key gets this and answers with values (security.md S2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reviewer.domain.base_files import UnreadFile
from reviewer.domain.change import Change
from reviewer.domain.history import History
from reviewer.domain.model_use import ModelUse
from reviewer.domain.policy import PolicyLayer
from reviewer.domain.pull_request import PullRequestName


@dataclass(frozen=True, kw_only=True)
class Material:
    """What an analyser works on.

    Args:
        name: Which pull request; spending is summed by it.
        title: The title as it was when the run was triggered; untrusted.
        body: The description, likewise.
        change: What is reviewed.
        base_texts: Configuration files of the base, by path.
        base_unread: Files that stand where such are looked for and are not read.
        before: What earlier rounds left behind.
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; the same by a short word.
        full: Look at everything again, also at what has not changed.
        layer: What the door sets of the policy.
    """

    name: PullRequestName
    title: str
    body: str
    change: Change = field(repr=False)
    base_texts: Mapping[str, str] = field(repr=False)
    base_unread: tuple[UnreadFile, ...] = ()
    before: History = field(default_factory=History, repr=False)
    personas: tuple[str, ...] = ()
    panel: str | None = None
    full: bool = False
    layer: PolicyLayer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTerms:
    """What a door asks for of models; None leaves it to the operator.

    Args:
        name: Which model.
        without: Ask none, whatever is configured.
        most_dollars: The most that this run may cost; it can only lower the operator's ceiling.
        language: Tag of the language of the prose.
        fast: Let nobody wait for another's cache.
        suggestions: Let findings propose new lines.
    """

    name: str | None = None
    without: bool = False
    most_dollars: Decimal | None = None
    language: str | None = None
    fast: bool | None = None
    suggestions: bool | None = None


class QuestionKind(StrEnum):
    """What people can ask a model for, besides a review; the values are names of prompts."""

    ASK = "ask"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that a person asks about a change; the text is untrusted."""

    kind: QuestionKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model says to a question.

    Args:
        text: Its words, as they came; sanitised where they are rendered.
        problem: Why there is no answer, ready to be read; empty where there is one.
        use: What was used of models; None where none was asked.
    """

    text: str = ""
    problem: str = ""
    use: ModelUse | None = None
