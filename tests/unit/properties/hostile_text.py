"""Hostile text by composition: fragments of attacks, wrapped and encoded in one another."""

from __future__ import annotations

import html
from collections.abc import Callable

from hypothesis import strategies as st

#: What would come to life on GitHub, each by itself.
FRAGMENTS = (
    *("@user", "@org/team", "@everyone", "a@b.example", "@_x", "#1", "#123.", "GH-1", "gh-99"),
    *(
        "owner/repo#1",
        "owner/repo@3f9c2ab4d1",
        "3f9c2ab4",
        "fixes #2",
        "closes a/b#3",
        "Resolves GH-4",
    ),
    *("https://evil.example/?q=", "http://a", "ftp://a.b/c", "www.evil.example", "//evil.example"),
    *("javascript:alert(1)", "data:text/html,x", "mailto:a@b.c", "xmpp:a@b.c", "vbscript:x"),
    *(
        "![x](https://evil.example/p.png)",
        "[c](javascript:x)",
        "[a][b]",
        "[b]: https://evil.example",
    ),
    *(
        "<https://evil.example>",
        "<a@b.example>",
        "[^1]",
        "[^1]: note",
        "![][b]",
        "[]()",
        "[x](<y z>)",
    ),
    *(
        "<!--",
        "-->",
        "<!-- persona-reviewer:summary head=x -->",
        "<!-",
        "<!doctype x>",
        "<![CDATA[",
    ),
    *(
        "<img src=x onerror=1>",
        "<a href=https://e>",
        "<script>",
        "<details open>",
        "<?x ?>",
        "</p>",
    ),
    *(
        "<b",
        "<x:y>",
        "<br/>",
        "<h1>t</h1>",
        "<svg/onload=1>",
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
    ),
    *("/review", "/merge all", "/close", "::set-output name=a::b", "::add-mask::x", "##[error]x"),
    *(
        "::stop-commands::t",
        "::",
        "%0A::x::y",
        "# title",
        "## t",
        "===",
        "---",
        "***",
        "+ x",
        "1) x",
    ),
    *(
        "- [ ] x",
        "> [!WARNING]",
        "| a | b |\n|---|---|\n| c | d |",
        "|",
        "~~x~~",
        "*x*",
        "__x__",
        "_x_",
    ),
    *(
        "$x$",
        "$$x$$",
        "$`x`$",
        "```math\nx\n```",
        "```suggestion\nx\n```",
        "~~~mermaid\nx\n~~~",
        "`x`",
    ),
    *(
        "`",
        "``",
        "```",
        "````",
        "~~~",
        "``` x `",
        "`` ` ``",
        "\\`",
        "\\",
        "\\\\",
        "    code",
        "\tcode",
    ),
    *(
        "word",
        "a b",
        "1. x",
        "10) x",
        ":tada:",
        "a_b_c",
        "C#",
        "std::vector",
        "50 %",
        "",
        " ",
        "\n\n",
    ),
)

#: What is put between: nothing that a reader sees, or what ends one thing and begins another.
JOINTS = (
    *(
        "",
        "",
        " ",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\t",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\x85",
        "\x0b",
        "\x0c",
    ),
    *(
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\ufe0f",
        "\xad",
        "\U000e0041",
        "\x00",
        "\x1b[2J",
    ),
    *(
        ".",
        ",",
        "(",
        ")",
        "[",
        "]",
        "{",
        "'",
        '"',
        "\u201c",
        "\u2019",
        ">",
        "<",
        "!",
        "&",
        ";",
        "-",
        "\u2026",
    ),
    *("_", "*", "~", "|", "\\", "`", "#", "@", ":", "/", "=", "+", "\ud800", "\u0301", "1", "a"),
)

#: Letters that look like those that GitHub minds, and are none of them, or become them when folded.
_LIKE = str.maketrans(
    {"@": "\uff20", "#": "\uff03", "/": "\u2215", ":": "\ufe55", "<": "\uff1c", "w": "\uff57"}
)


def _entities(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(character):x};" for character in text)


def _escaped(text: str) -> str:
    return "".join(
        f"\\{character}" if character in "@#<`[!:/_*" else character for character in text
    )


def _escaped_twice(text: str) -> str:
    return html.escape(html.escape(text))


_WRAPPERS: tuple[Callable[[str], str], ...] = (
    *(html.escape, _escaped_twice, _entities, _hexadecimal, _escaped),
    lambda text: text.translate(_LIKE),
    "\u200b".join,
    lambda text: f"`{text}`",
    lambda text: f"``{text}``",
    lambda text: f"`{text}",
    lambda text: f"```\n{text}\n```",
    lambda text: f"```{text}\nx\n```",
    lambda text: f"~~~\n{text}",
    lambda text: f"````\n```\n{text}\n```\n",
    lambda text: f"> {text}",
    lambda text: f"- {text}",
    lambda text: f"1. {text}",
    lambda text: f"   {text}",
    lambda text: f"    {text}",
    lambda text: f"\u00a0{text}",
    lambda text: f"[{text}]({text})",
    lambda text: f"![{text}]({text})",
    lambda text: f"<{text}>",
    lambda text: f"<a title='{text}'>",
    lambda text: f"**{text}**",
    lambda text: f"| {text} |",
    lambda text: f"\\{text}",
    lambda text: f"{text}\n===",
    lambda text: text.replace(" ", "\n"),
    lambda text: text[::-1],
    str.upper,
    lambda text: text * 2,
)


def _wrapped(text: str, wrappers: list[Callable[[str], str]]) -> str:
    for wrap in wrappers:
        text = wrap(text)
    return text


#: Fragments, wrapped up to three times, joined by what may hide a border; plain text besides.
PIECES = st.builds(
    _wrapped,
    st.sampled_from(FRAGMENTS) | st.text(max_size=6),
    st.lists(st.sampled_from(_WRAPPERS), max_size=3),
)
HOSTILE = st.lists(st.tuples(PIECES, st.sampled_from(JOINTS)), max_size=7).map(
    lambda pairs: "".join(piece + joint for piece, joint in pairs)
)
