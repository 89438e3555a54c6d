"""Markers: what our comments say to us, in an HTML comment that nobody else can write.

::

    <!-- persona-reviewer:KIND key=value key=value … seal=hmac.HEX -->

A marker is the last line of a comment. Its seal is an HMAC-SHA256 over the kind, the values, the
account behind our token, the repository's id and the pull request's number: a marker that was
copied from elsewhere, or belongs to another bot with the same code, does not fit. Without a state
key the seal is a plain SHA-256 that anybody can compute: such a marker is a hint that may keep a
comment from being posted twice, and nothing else (security.md S15). Whose comment it stands in
is told by the host, and whoever reads markers asks that first (`Comment.ours`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from reviewer.domain.history import History
from reviewer.domain.history_text import decode, encode
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import Account
from reviewer.errors import UserError

#: What every marker begins with; the sanitiser lets nothing through that could begin like it.
PREFIX = "<!-- persona-reviewer:"

#: A shorter key could be guessed from one comment.
LEAST_KEY = 16

_VALUE = re.compile(r"[A-Za-z0-9+/=._-]*")
_LAST_LINE = re.compile(
    r"(?:\A|\n)<!-- persona-reviewer:(?P<kind>finding|summary|reply)"
    r"(?P<values>(?: [a-z]{1,16}=[A-Za-z0-9+/=._-]*){1,9})"
    r" seal=(?P<how>hmac|plain)\.(?P<seal>[0-9a-f]{64}) -->\Z"
)
_FINGERPRINT = re.compile(r"[0-9a-f]{40}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_DIGEST = re.compile(r"[0-9a-f]{16}|")
_COMMENT = re.compile(r"[ir][0-9]{1,20}|")
_NUMBER = re.compile(r"[0-9]{1,9}")


class MarkKind(StrEnum):
    """Which comment of ours a marker stands in."""

    FINDING = "finding"
    SUMMARY = "summary"
    REPLY = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMark:
    """What a comment on lines or on a file says to us.

    Args:
        fingerprint: The finding that it tells.
        head_sha: The commit that was reviewed then.
        rule_id: The finding's rule.
        persona: Whose rule it is.
        severity: How bad it is.
    """

    fingerprint: str
    head_sha: str
    rule_id: str = ""
    persona: str = ""
    severity: Severity = Severity.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryMark:
    """What our comment under the pull request says to us.

    Args:
        head_sha: The commit that it speaks of.
        history: What the next round starts from.
        text: Names the visible text, times apart; empty where it shall be written anew.
        check: Names the check that was posted with it; empty for none.
    """

    head_sha: str
    history: History
    text: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyMark:
    """What a reply of ours says to us.

    Args:
        head_sha: The commit that it speaks of.
        fingerprint: The finding that it speaks of; empty where there is none.
        comment: The comment that it answers (`comment_name`); empty where there is none.
    """

    head_sha: str
    fingerprint: str = ""
    comment: str = ""


def comment_name(comment_id: int, *, inline: bool) -> str:
    """Name a comment: those in threads and those below have numbers of their own.

    Args:
        comment_id: The host's number.
        inline: Whether it stands in a review thread.
    """
    return f"{'r' if inline else 'i'}{comment_id}"


Mark = FindingMark | SummaryMark | ReplyMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A marker as it was read.

    Args:
        mark: What it says.
        trusted: Whether our key signed it; a hint otherwise.
    """

    mark: Mark
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a marker belongs to.

    Args:
        bot: The account behind our token.
        repository_id: The host's number of the repository.
        number: The pull request's number.
    """

    bot: str
    repository_id: int
    number: int

    @classmethod
    def of(cls, viewer: Account, *, repository_id: int, number: int) -> Subject:
        """Name the account by its number, or by its login where the host tells no number."""
        bot = str(viewer.id) if viewer.id else viewer.login.lower()
        return cls(bot=bot, repository_id=repository_id, number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Writes and reads the markers of one pull request.

    Args:
        subject: What they belong to.
        key: The secret that signs; None for unsigned hints.
    """

    subject: Subject
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        if self.key is not None and len(self.key.encode()) < LEAST_KEY:
            raise UserError(
                f"the state key has fewer than {LEAST_KEY} bytes",
                hint="Make one with `openssl rand -hex 32`, and keep it as a secret.",
            )

    @property
    def signs(self) -> bool:
        """Whether there is a key, so that markers can be believed."""
        return self.key is not None

    def write(self, mark: Mark) -> str:
        """Write a marker; one line that is to stand last in a comment.

        Without a key a history would be read by nobody: only whose turn it was is written.

        Raises:
            ResourceError: The history is too long.
        """
        if isinstance(mark, SummaryMark) and not self.signs:
            mark = replace(mark, history=History(generation=mark.history.generation))
        kind, values = _values(mark)
        said = "".join(f" {key}={value}" for key, value in values.items())
        how, seal = self._seal(kind, said)
        return f"{PREFIX}{kind.value}{said} seal={how}.{seal} -->"

    def read(self, body: str, kind: MarkKind) -> Reading | None:
        """Read the marker of a comment that is ours.

        Args:
            body: The comment.
            kind: Which marker may stand there.

        Returns:
            What it says; None for no marker, another kind, a seal that does not fit, and, where
            there is a key, a marker without a signature.
        """
        match = _LAST_LINE.search(body.replace("\r\n", "\n").rstrip())
        if match is None or match["kind"] != kind.value:
            return None
        trusted = self._fits(kind, match)
        if trusted is None:
            return None
        pairs = [pair.partition("=") for pair in match["values"].split()]
        values = {key: value for key, _, value in pairs}
        mark = _mark(kind, values, trusted=trusted) if len(values) == len(pairs) else None
        return None if mark is None else Reading(mark=mark, trusted=trusted)

    def _seal(self, kind: MarkKind, said: str) -> tuple[str, str]:
        subject = self.subject
        message = "\0".join(
            (kind.value, subject.bot, str(subject.repository_id), str(subject.number), said)
        ).encode()
        if self.key is None:
            return "plain", hashlib.sha256(message).hexdigest()
        # The key is a person's string: hashed under a name of this use it is of full length.
        key = hashlib.sha256(b"persona-reviewer markers\0" + self.key.encode()).digest()
        return "hmac", hmac.new(key, message, hashlib.sha256).hexdigest()

    def _fits(self, kind: MarkKind, match: re.Match[str]) -> bool | None:
        """Tell whether a marker is signed by us, or a hint; None where it is neither."""
        how, seal = self._seal(kind, match["values"])
        if match["how"] == how:
            return self.signs if hmac.compare_digest(seal, match["seal"]) else None
        # Who has no key any more cannot tell; it may still be ours, and that is what a hint says.
        return None if self.signs else False


def without_marker(body: str) -> str:
    """Return what people see of a comment of ours."""
    return _LAST_LINE.sub("", body.replace("\r\n", "\n").rstrip())


def _values(mark: Mark) -> tuple[MarkKind, Mapping[str, str]]:
    match mark:
        case FindingMark():
            return MarkKind.FINDING, {
                "fingerprint": mark.fingerprint,
                "head": mark.head_sha,
                "rule": _plain(mark.rule_id),
                "persona": _plain(mark.persona),
                "severity": mark.severity.value,
            }
        case SummaryMark():
            return MarkKind.SUMMARY, {
                "generation": str(mark.history.generation),
                "head": mark.head_sha,
                "text": mark.text,
                "check": mark.check,
                "state": encode(mark.history),
            }
        case ReplyMark():
            return MarkKind.REPLY, {
                "head": mark.head_sha,
                "fingerprint": mark.fingerprint,
                "comment": mark.comment,
            }


def _plain(name: str) -> str:
    """Leave out a name that could not stand in a marker; nothing depends on it."""
    return name if _VALUE.fullmatch(name) and "--" not in name else ""


def _mark(kind: MarkKind, values: Mapping[str, str], *, trusted: bool) -> Mark | None:
    """Turn values into what a marker says; None where they are not what we write."""
    head = values.get("head", "")
    if not _COMMIT.fullmatch(head):
        return None
    if kind is MarkKind.SUMMARY:
        return _summary(head, values, trusted=trusted)
    fingerprint = values.get("fingerprint", "")
    if kind is MarkKind.REPLY:
        comment = values.get("comment", "")
        known = not fingerprint or _FINGERPRINT.fullmatch(fingerprint)
        if not known or not _COMMENT.fullmatch(comment):
            return None
        return ReplyMark(head_sha=head, fingerprint=fingerprint, comment=comment)
    severity = values.get("severity", "")
    if not _FINGERPRINT.fullmatch(fingerprint) or severity not in set(Severity):
        return None
    return FindingMark(
        fingerprint=fingerprint,
        head_sha=head,
        rule_id=values.get("rule", ""),
        persona=values.get("persona", ""),
        severity=Severity(severity),
    )


def _summary(head: str, values: Mapping[str, str], *, trusted: bool) -> SummaryMark | None:
    generation, state = values.get("generation", ""), values.get("state", "")
    digests = values.get("text", ""), values.get("check", "")
    if not _NUMBER.fullmatch(generation) or not all(map(_DIGEST.fullmatch, digests)):
        return None
    # Whoever may not be believed is not unpacked either.
    history = decode(state) if trusted else None
    if history is None:
        # A state of another version is nothing to start from; whose turn it was still counts.
        history = History(generation=int(generation))
    return SummaryMark(head_sha=head, history=history, text=digests[0], check=digests[1])
