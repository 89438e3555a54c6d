"""The command before a git repository: ``reviewer review`` as its entry point runs it, in-process.

One bare repository holds every scene as two branches of its own; a scene whose path git could
never hold comes as a patch instead.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from reviewer.entrypoints.cli.program import run
from reviewer.testing.fake_github.git_store import GitStore
from tests.redteam.model_door import Answerer, ModelDoor
from tests.redteam.scene import Scene
from tests.redteam.told import Told

_FORMATS = ("terminal", "markdown", "json", "sarif", "html")


class CommandStage:
    """A repository, and the command before it.

    Args:
        folder: Takes repositories, outputs and the command's own state.
        models: Where models are reached.
    """

    def __init__(self, folder: Path, models: ModelDoor) -> None:
        self.models = models
        self._folder = folder
        self._numbers = count(1)
        self._store: GitStore | None = None

    @property
    def store(self) -> GitStore:
        """The repository."""
        if self._store is None:
            self._store = GitStore(self._folder / "shop.git")
        return self._store

    def review(
        self,
        scene: Scene,
        model: Answerer | None,
        *,
        suggestions: bool = False,
        again: bool = False,
    ) -> Told:
        """Review a scene.

        Args:
            scene: The scene.
            model: Who answers; None for nobody.
            suggestions: Whether findings propose new lines.
            again: Whether the same review is asked for a second time, which is what is told.
        """
        number = next(self._numbers)
        where = self._patch(scene, number) if scene.told else self._branches(scene, number)
        name = "" if model is None else self.models.introduce(model)
        arguments = [*where, *(["--model", name] if name else ["--no-model"])]
        arguments += ["--suggest"] if suggestions and name else []
        before = 0
        if again:
            self._run(arguments, number)
            before = len(self.models.requests(name)) if name else 0
        code, texts = self._run(arguments, number)
        requests = self.models.requests(name)[before:] if name else []
        document = json.loads(texts["json"]) if texts.get("json") else {}
        return Told(
            state=document.get("state", ""),
            verdicts={
                (card["persona"], answer["rule"]): answer["verdict"]
                for card in document.get("scorecards", ())
                for answer in card["answers"]
            },
            requests=requests,
            texts={kind: text for kind, text in texts.items() if kind != "markdown"},
            markdown={"markdown": texts["markdown"]} if texts.get("markdown") else {},
            code=code,
        )

    def _run(self, arguments: list[str], number: int) -> tuple[int, dict[str, str]]:
        files = {kind: self._folder / f"out-{number}.{kind}" for kind in _FORMATS}
        outputs = [part for kind, file in files.items() for part in ("--output", f"{kind}={file}")]
        told, wrong = io.StringIO(), io.StringIO()
        variables = {
            "REVIEWER_STATE": str(self._folder / "state"),
            "XDG_CONFIG_HOME": str(self._folder / "configuration"),
        }
        with (
            _environment(variables),
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(wrong),
        ):
            code = run(["review", *arguments, *outputs, "--no-progress"])
        texts = {kind: file.read_text("utf-8") for kind, file in files.items() if file.exists()}
        return code, {**texts, "standard output": told.getvalue(), "errors": wrong.getvalue()}

    def _branches(self, scene: Scene, number: int) -> list[str]:
        base = f"refs/heads/base-{number}"
        readme = {"README.md": "# Shop\n"}
        begun = self.store.commit([base], [], files={**readme, **scene.base})
        branch = scene.branch if scene.branch != "feature" else f"head-{number}"
        self.store.commit(
            [f"refs/heads/{branch}"],
            [begun],
            files=scene.head,
            message=scene.message or scene.title or "Change",
        )
        return ["--repository", str(self.store.folder), f"base-{number}...{branch}"]

    def _patch(self, scene: Scene, number: int) -> list[str]:
        ((_, content),) = scene.head.items()
        assert isinstance(content, str)
        lines = content.removesuffix("\n").split("\n")
        quoted = _quoted(f"b/{scene.told}")
        text = "\n".join(
            [
                f"diff --git {_quoted('a/' + scene.told)} {quoted}",
                "new file mode 100644",
                "--- /dev/null",
                f"+++ {quoted}",
                f"@@ -0,0 +1,{len(lines)} @@",
                *(f"+{line}" for line in lines),
                "",
            ]
        )
        file = self._folder / f"scene-{number}.patch"
        file.write_text(text, "utf-8")
        return ["--patch", str(file)]


def _quoted(path: str) -> str:
    """Write a path as git does where it holds what no line can."""
    if path.isprintable() and path.isascii() and not set(path) & {'"', "\\"}:
        return path
    return '"' + "".join(_octal(byte) for byte in path.encode("utf-8", "surrogatepass")) + '"'


def _octal(byte: int) -> str:
    plain = 32 <= byte < 127 and byte not in b'"\\'
    return chr(byte) if plain else f"\\{byte:03o}"


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
