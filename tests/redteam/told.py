"""What one review through one door left behind, told in the same words for every door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.domain.completion import CompletionRequest
from reviewer.domain.review import Review
from reviewer.testing.fake_github import Exchange, FakePullRequest


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of it.

    Args:
        state: How the run ended, in the words of `domain.status.RunState`; empty for no run.
        verdicts: What every rule was answered, by persona and rule.
        requests: What the model was sent.
        texts: What people, runners and machines read besides the pull request, by name.
        markdown: Those of them that are Markdown, by name.
        pull: The pull request; None for a door that has none.
        exchanges: What was asked of GitHub.
        code: How the program ended; 0 where it was no program.
        refusals: What was not believed of an analyser's answer.
        review: The review itself, where the door shows it to us.
    """

    state: str
    verdicts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    requests: list[CompletionRequest] = field(default_factory=list, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    markdown: Mapping[str, str] = field(default_factory=dict, repr=False)
    pull: FakePullRequest | None = field(default=None, repr=False)
    exchanges: list[Exchange] = field(default_factory=list, repr=False)
    code: int = 0
    refusals: tuple[str, ...] = ()
    review: Review | None = field(default=None, repr=False)

    @property
    def everything(self) -> str:
        """Every text that this left anywhere."""
        return "\n".join([*self.texts.values(), *self.markdown.values(), *self.standing])

    @property
    def standing(self) -> list[str]:
        """Every text that stands on the pull request by us or others."""
        pull = self.pull
        if pull is None:
            return []
        return [
            *(comment.body for comment in pull.comments),
            *(comment.body for thread in pull.threads for comment in thread.comments),
            *(f"{check.title}\n{check.summary}\n{check.text}" for check in pull.checks),
        ]

    @property
    def suspects(self) -> bool:
        """Whether it says that text addresses the reviewer."""
        return "addresses the reviewer" in self.everything
