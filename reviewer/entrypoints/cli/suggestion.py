"""Groups and choices that answer a wrong word with the nearest right one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click
from typing_extensions import override


def did_you_mean(word: str, known: list[str]) -> str:
    """Return the nearest known word as a question, or all of them."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known)}."


class SuggestingGroup(click.Group):
    """A group that answers an unknown command with the nearest one."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of importance, not of the alphabet

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            hint = did_you_mean(word, self.list_commands(ctx))
            ctx.fail(f"There is no command {word!r}. {hint}")
        return super().resolve_command(ctx, args)


class Word(click.Choice[str]):
    """A choice that answers an unknown word with the nearest one."""

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value).lower()
        known = [str(choice) for choice in self.choices]
        if word in known:
            return word
        return self.fail(f"{word!r} is none. {did_you_mean(word, known)}", param, ctx)
