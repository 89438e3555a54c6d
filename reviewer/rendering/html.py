"""A review as one HTML page that needs nothing else: no script, no network, light and dark.

Its content security policy allows the page's own style and nothing more, so that even a mistake
in escaping could load nothing and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind, PlacedFinding
from reviewer.domain.sanitiser import (
    HEADLINE_LIMIT,
    LABEL_LIMIT,
    PROSE_LIMIT,
    code_spans,
    cut,
    label,
    logged_html,
    one_line,
)
from reviewer.rendering.document import ReviewDocument, agreement, count, place_of
from reviewer.rendering.template import html_environment

#: How many findings have a card with code; the rest stand in a table below.
_CARD_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """One finding, ready for the page.

    Its code comes as tuples, because a sandboxed template looks long at every attribute.
    """

    severity: str
    rule: str
    handle: str
    headline: Markup
    place: str
    who: str
    explanation: Markup
    remedy: Markup
    evidence: str
    reason: Markup
    lines: tuple[tuple[str, str, str], ...]
    more: int


def render_html(document: ReviewDocument) -> str:
    """Render a review as a self-contained page."""
    environment = html_environment()
    style = _style(environment)
    review = document.review
    page = environment.get_template("report.html.j2").render(
        document=document,
        review=review,
        style=style,
        style_hash=_hash(style),
        to_fix=[_card(document, placed) for placed in review.to_fix[:_CARD_LIMIT]],
        to_fix_left=max(len(review.to_fix) - _CARD_LIMIT, 0),
        to_consider=[_card(document, placed) for placed in review.to_consider[:_CARD_LIMIT]],
        to_consider_left=max(len(review.to_consider) - _CARD_LIMIT, 0),
        ledger=[part for part in (document.answered, *document.ledger) if part],
        tone=_tone(document),
        verdict_words={verdict: verdict.value.replace("_", " ") for verdict in Verdict},
        count=count,
        short=_short,
        name=_name,
        line=_line,
    )
    return logged_html(page)


def _style(environment: ImmutableSandboxedEnvironment) -> str:
    """Return the page's style; it is ours and holds no value."""
    return environment.get_template("report.css").render()


def _hash(style: str) -> str:
    """Return the style's hash for the policy, so that no other style is allowed."""
    digest = hashlib.sha256(style.encode()).digest()
    return base64.b64encode(digest).decode("ascii")


def _short(text: str, limit: int = PROSE_LIMIT) -> Markup:
    """Write text on one line, its code spans as code; everything is escaped here."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if is_code else piece
        for is_code, piece in code_spans(cut(one_line(text), limit))
    )


def _line(text: str) -> str:
    return cut(one_line(text), PROSE_LIMIT)


def _name(text: str) -> str:
    return cut(label(text), LABEL_LIMIT)


def _card(document: ReviewDocument, placed: PlacedFinding) -> _Card:
    finding = placed.finding
    inline = placed.outcome.kind is OutcomeKind.INLINE
    frame = document.frames.frame(finding.location)
    return _Card(
        severity=finding.severity.value,
        rule=finding.rule_id,
        handle=finding.handle,
        headline=_short(finding.headline, HEADLINE_LIMIT),
        place=_name(place_of(finding)),
        who=_line(agreement(document.signers(finding))),
        explanation=_short(finding.explanation),
        remedy=_short(finding.remedy),
        evidence=_line(", ".join(finding.sources)),
        reason=_short("" if inline else placed.outcome.reason),
        lines=()
        if frame is None
        else tuple(
            ("quoted" if line.quoted else "context", f"{line.number:5}  ", line.text)
            for line in frame.lines
        ),
        more=0 if frame is None else frame.more,
    )


def _tone(document: ReviewDocument) -> str:
    """Return the colour of the verdict: good only where everything was answered."""
    if not document.complete:
        return "unfinished"
    if document.review.to_fix:
        return "bad"
    return "good" if document.clean and not document.review.needs_model else "plain"
