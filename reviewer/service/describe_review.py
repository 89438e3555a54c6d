"""What a review tells besides its findings: suspicious text, and what is reported anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.domain.evidence import Hit
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.redactor import redact
from reviewer.domain.review import OwnLinter, Review
from reviewer.domain.sanitiser import cut

#: Facts that are looked for whoever reviews, because they guard the review itself: their hit
#: means that text of the change speaks to the reviewer (security.md S7).
SENTINELS = ("hidden-text", "reviewer-directed-text")

#: Places of such text that one notice names; a hostile change may have any number.
_MOST_PLACES = 5

#: The block before every batch in which a model reads what people say of the change.
_KIND = "title and description"
#: It is paid for in every call, and people say what matters first, in characters.
_SAID_LIMIT = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfChange:
    """What people say of a change.

    Args:
        introduction: Kind and text of blocks before the change, for models.
        notices: What people must know about it.
        suspected: Whether it hides something from people or speaks to the reviewer.
    """

    introduction: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    suspected: bool = False


def read_description(description: tuple[str, str] | None) -> SaidOfChange:
    """Read what people wrote about a change, without what nobody sees in it (security.md S7).

    Args:
        description: Title and body; None where there is none.
    """
    if description is None:
        return SaidOfChange()
    from reviewer.prompting.description import clean_title_and_body  # noqa: PLC0415 - costs a run

    said = clean_title_and_body(*description)
    text = redact(cut(f"{said.title}\n\n{said.body}".strip(), _SAID_LIMIT))
    notice = (
        "The title or the description hides text, or addresses the reviewer. It had no effect on"
        " this review; look at it yourself."
    )
    return SaidOfChange(
        introduction=((_KIND, text),) if text else (),
        notices=(notice,) if said.suspected else (),
        suspected=said.suspected,
    )


def suspicions(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Say where text was seen that hides or speaks to the reviewer; the first places by name."""
    places = list(
        dict.fromkeys(
            hit.path if hit.start_line is None else f"{hit.path}:{hit.start_line}" for hit in hits
        )
    )
    if not places:
        return ()
    more = len(places) - _MOST_PLACES
    named = ", ".join(places[:_MOST_PLACES]) + (f" and {more} more places" if more > 0 else "")
    what = "Hidden text, or text that addresses the reviewer, stands"
    return (f"{what} at {named}. It had no effect on this review; look at it yourself.",)


def with_own_suspicion(review: Review, description: tuple[str, str]) -> Review:
    """Say of a review that came from elsewhere whether its change speaks to the reviewer.

    Who has made the review may have been talked out of saying so; it costs little to look again.

    Args:
        review: The review, with the change as whoever publishes has read it.
        description: Title and body.
    """
    from reviewer.domain.facts import FACTS  # noqa: PLC0415 - one door of several needs it

    said = read_description(description)
    seen = [FACTS[name](review.change).examination(name) for name in SENTINELS]
    own = (*said.notices, *suspicions([hit for each in seen for hit in each.hits]))
    if not own:
        return review
    missing = tuple(notice for notice in own if notice not in review.notices)
    return replace(review, injection_suspected=True, notices=(*missing, *review.notices))


def reported_anyway(
    placed: Sequence[PlacedFinding], own_linters: Sequence[OwnLinter]
) -> tuple[str, ...]:
    """Say once, for each linter of the repository, how much it reports by itself."""
    notices = []
    for name, path in dict.fromkeys((own.name, own.path) for own in own_linters):
        sources = {own.source for own in own_linters if own.name == name}
        count = sum(bool(sources & set(p.finding.sources)) for p in placed)
        if count:
            these = "1 of these findings" if count == 1 else f"{count} of these findings"
            notices.append(f"Your own {name} ({path}) reports {these}; they are not put inline.")
    return tuple(notices)
