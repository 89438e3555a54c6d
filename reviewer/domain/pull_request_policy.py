"""What a repository says about its pull requests: which are reviewed, and how much is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: A pull request with this label is left alone, unless the configuration names another.
DEFAULT_SKIP_LABEL = "skip-review"


class BotPolicy(StrEnum):
    """How pull requests that a program opened are reviewed."""

    REVIEW = "review"
    SUMMARY = "summary"
    SKIP = "skip"


class OnClean(StrEnum):
    """What is said where nothing was found and nothing had been said before."""

    SUMMARY = "summary"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestLayer:
    """What one source says; None says nothing. The keys are those of `PullRequestPolicy`."""

    drafts: bool | None = None
    bots: BotPolicy | None = None
    allowed_bots: tuple[int, ...] | None = None
    skip_label: str | None = None
    on_clean: OnClean | None = None
    resolve_threads: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestPolicy:
    """What holds for pull requests, after all layers.

    Args:
        drafts: Whether drafts are reviewed.
        bots: How pull requests are reviewed that a program opened.
        allowed_bots: Programs that are treated as people, by the host's number of the account:
            a name can be had by anybody (security.md R20).
        skip_label: A pull request with this label is not reviewed; empty for no such label.
        on_clean: What is said where nothing was found.
        resolve_threads: Whether threads of ours are resolved when their finding is gone.
    """

    drafts: bool = False
    bots: BotPolicy = BotPolicy.SUMMARY
    allowed_bots: tuple[int, ...] = ()
    skip_label: str = DEFAULT_SKIP_LABEL
    on_clean: OnClean = OnClean.SUMMARY
    resolve_threads: bool = True

    def values(self) -> Iterator[tuple[str, str]]:
        """Return every key with its value, for people."""
        yield "drafts", "reviewed" if self.drafts else "not reviewed"
        yield "bots", self.bots.value
        yield "allowed_bots", ", ".join(map(str, self.allowed_bots)) or "none"
        yield "skip_label", self.skip_label or "none"
        yield "on_clean", self.on_clean.value
        yield "resolve_threads", "yes" if self.resolve_threads else "no"
