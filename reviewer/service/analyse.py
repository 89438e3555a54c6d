"""Reviews and answers in this process: material in, values out, nothing of a code host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change
from reviewer.domain.glob import matches_any
from reviewer.domain.material import Material, Question, Reply
from reviewer.domain.persona import Persona
from reviewer.domain.review import Review
from reviewer.ports.examiner import Examiner
from reviewer.ports.onlooker import NoOnlooker, Onlooker
from reviewer.ports.progress import Progress
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change

if TYPE_CHECKING:
    from reviewer.service.model_setup import ModelSetup

#: Wires the models of one run; gives None where no model is configured.
SetUp = Callable[[Material], AbstractAsyncContextManager["ModelSetup | None"]]

NO_MODEL = (
    "No model is configured, so nobody can answer. Set REVIEWER_MODEL (in the Action the input "
    "`model`) and the key of its provider."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWorkspace:
    """A change that somebody has read already; implements `ports.workspace.Workspace`."""

    material: Material = field(repr=False)

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Return the change; whoever read it has marked what the configuration excludes."""
        del excluded
        return self.material.change

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return those of the base's files that match, in path order."""
        texts, unread = self.material.base_texts, self.material.base_unread
        return FilesAtBase.of(
            {path: text for path, text in texts.items() if matches_any(patterns, path)},
            [file for file in unread if matches_any(patterns, file.path)],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAnalyser:
    """Implements `ports.analyser.Analyser` in the process that asks.

    Args:
        built_in: Reads the personas that ship.
        examiners: Who gives evidence, one a kind.
        set_up: Wires the models of a run.
        progress: Who is told how far it is.
        onlooker: Who is told what happens meanwhile.
    """

    built_in: Callable[[], Sequence[Persona]]
    examiners: Sequence[Examiner]
    set_up: SetUp
    progress: Progress | None = None
    onlooker: Onlooker = field(default_factory=NoOnlooker)

    async def review(self, material: Material) -> Review:
        """Review a change.

        Raises:
            ReviewerError: The review could not be made.
        """
        async with self.set_up(material) as setup:
            judged = await review_change(
                HeldWorkspace(material=material),
                self.built_in(),
                self.examiners,
                Wishes(
                    personas=material.personas,
                    panel=material.panel,
                    layer=material.layer,
                    model_configured=setup is not None,
                ),
                setup=setup,
                before=material.before,
                description=(material.title, material.body),
                full=material.full,
                progress=self.progress,
                onlooker=self.onlooker,
            )
        return judged.review

    async def answer(self, material: Material, question: Question) -> Reply:
        """Answer a question about a change, or plan something."""
        async with self.set_up(material) as setup:
            if setup is None:
                return Reply(problem=NO_MODEL)
            from reviewer.service.answer_question import answer_question  # noqa: PLC0415 - heavy

            return await answer_question(
                setup,
                question,
                change=material.change,
                description=(material.title, material.body),
                personas=self.built_in,
            )
