"""What every examiner promises: hits or an honest gap, never a pass that nobody looked for."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.adapters.linters.hadolint import HadolintExaminer
from reviewer.adapters.linters.process import Limits
from reviewer.adapters.linters.ruff import RuffExaminer
from reviewer.adapters.linters.zizmor import ZizmorExaminer
from reviewer.adapters.patterns.examiner import PatternExaminer
from reviewer.adapters.sarif.examiner import SarifExaminer
from reviewer.adapters.secrets.examiner import SecretExaminer
from reviewer.domain.change import FileChange
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Pattern
from reviewer.ports.examiner import Examiner
from reviewer.testing.builders import build_change, build_file

EVAL = Pattern(code="T/eval", language="python", rule={"pattern": "eval($A)"})
BAD_PYTHON = "import os\n\nos.system(name)\neval(name)\n"
WORKFLOW = (
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: echo ${{ github.event.issue.title }}\n"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An examiner that reads files: how to make it, what to ask it, and a file that it faults."""

    make: Callable[..., Examiner]
    evidence: Evidence
    path: str
    language: str
    bad: str
    line: int

    def file(self, *, texts_known: bool = True) -> FileChange:
        return build_file(
            self.path, after=self.bad, language=self.language, texts_known=texts_known
        )


RUFF = Case(
    make=RuffExaminer,
    evidence=Evidence(kind=EvidenceKind.RUFF, codes=("S605",)),
    path="app/main.py",
    language="python",
    bad=BAD_PYTHON,
    line=3,
)
HADOLINT = Case(
    make=HadolintExaminer,
    evidence=Evidence(kind=EvidenceKind.HADOLINT, codes=("DL3007",)),
    path="Dockerfile",
    language="dockerfile",
    bad="FROM python:latest\nUSER 1000\n",
    line=1,
)
ZIZMOR = Case(
    make=ZizmorExaminer,
    evidence=Evidence(kind=EvidenceKind.ZIZMOR, codes=("template-injection",)),
    path=".github/workflows/ci.yml",
    language="yaml",
    bad=WORKFLOW,
    line=7,
)
PATTERNS = Case(
    make=PatternExaminer,
    evidence=Evidence(kind=EvidenceKind.PATTERN, codes=("T/eval",), pattern=EVAL),
    path="app/main.py",
    language="python",
    bad=BAD_PYTHON,
    line=4,
)
LINTERS = [
    pytest.param(RUFF, id="ruff"),
    pytest.param(HADOLINT, id="hadolint"),
    pytest.param(ZIZMOR, id="zizmor"),
]
READERS = [*LINTERS, pytest.param(PATTERNS, id="patterns")]
EVERYBODY: Sequence[Callable[[], Examiner]] = (
    RuffExaminer,
    HadolintExaminer,
    ZizmorExaminer,
    PatternExaminer,
    FactExaminer,
    SecretExaminer,
    SarifExaminer,
)

ProgramMaker = Callable[[str], Path]


@pytest.fixture
def fake_program(tmp_path: Path, allowed_program: Callable[[Path | str], None]) -> ProgramMaker:
    """A program that does what the lines of Python say, in place of a linter."""

    def make(body: str) -> Path:
        program = tmp_path / "linter"
        program.write_text(f"#!{sys.executable} -I\nimport os, signal, sys, time\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        allowed_program(program)
        return program

    return make


def assert_blind(seen: Examination, path: str, words: str) -> None:
    assert not seen.hits
    reasons = [gap.reason for gap in seen.unexamined if gap.path in {"", path}]
    assert reasons
    assert any(words in reason for reason in reasons), reasons


@pytest.mark.parametrize("case", READERS)
async def test_a_fault_is_a_hit_on_its_line(case: Case) -> None:
    seen = await case.make().examine(build_change(case.file()), [case.evidence])
    assert [(hit.kind, hit.path, hit.start_line) for hit in seen.hits] == [
        (case.evidence.kind, case.path, case.line)
    ]
    assert not seen.unexamined


@pytest.mark.parametrize("case", READERS)
async def test_a_file_without_its_text_is_unexamined(case: Case) -> None:
    change = build_change(case.file(texts_known=False))
    assert_blind(await case.make().examine(change, [case.evidence]), case.path, "no head text")


@pytest.mark.parametrize("case", READERS)
async def test_a_text_that_is_no_unicode_is_unexamined(case: Case) -> None:
    file = build_file(case.path, after=f"{case.bad}# \udcff\n", language=case.language)
    seen = await case.make().examine(build_change(file), [case.evidence])
    assert_blind(seen, case.path, "not valid UTF-8")


@pytest.mark.parametrize("case", READERS)
async def test_a_huge_file_is_unexamined(case: Case) -> None:
    file = build_file(case.path, after=case.bad + "# x\n" * 600_000, language=case.language)
    seen = await case.make().examine(build_change(file), [case.evidence])
    assert_blind(seen, case.path, "larger than")


@pytest.mark.parametrize("case", READERS)
async def test_a_deleted_file_is_nobodys_subject(case: Case) -> None:
    file = build_file(case.path, before=case.bad, language=case.language)
    seen = await case.make().examine(build_change(file), [case.evidence])
    assert seen == Examination()


@pytest.mark.parametrize("make", EVERYBODY)
async def test_an_empty_change_gives_nothing(make: Callable[[], Examiner]) -> None:
    assert await make().examine(build_change(), []) == Examination()


@pytest.mark.holds("S13", "R13")
@pytest.mark.parametrize("case", READERS)
@pytest.mark.parametrize(
    "folder",
    ["$(touch owned)", "-rf", "a\nb", "../../../tmp", 'x","row":1,"y', "x" * 300, "..", "ü \u202e"],
)
async def test_a_hostile_file_name_is_only_ever_a_value(case: Case, folder: str) -> None:
    name = Path(case.path).name
    # zizmor's files are known by their exact place; an action may lie anywhere.
    path = f"{folder}/action.yml" if case is ZIZMOR else f"{folder}/{name}"
    bad = (
        "runs:\n  using: composite\n  steps:\n  - shell: bash\n"
        "    run: echo ${{ github.event.issue.title }}\n"
        if case is ZIZMOR
        else case.bad
    )
    file = build_file(path, after=bad, language=case.language)
    seen = await case.make().examine(build_change(file), [case.evidence])
    assert [hit.path for hit in seen.hits] == [path]


@pytest.mark.holds("S13", "R37")
@pytest.mark.parametrize("case", READERS)
async def test_configuration_and_comments_of_the_change_are_not_obeyed(case: Case) -> None:
    silencing = {
        "app/main.py": BAD_PYTHON.replace("(name)", "(name)  # noqa  # ruff: ignore[S605]"),
        "Dockerfile": "# hadolint global ignore=DL3007\n# hadolint ignore=DL3007\n" + HADOLINT.bad,
        ".github/workflows/ci.yml": WORKFLOW.replace("}}\n", "}} # zizmor: ignore\n"),
    }
    change = build_change(
        build_file(case.path, after=silencing[case.path], language=case.language),
        build_file("ruff.toml", after='lint.ignore = ["S"]\n', language="toml"),
        build_file(".hadolint.yaml", after="ignored: [DL3007]\n", language="yaml"),
        build_file("sitecustomize.py", after="raise SystemExit\n"),
    )
    seen = await case.make().examine(change, [case.evidence])
    assert [hit.path for hit in seen.hits] == [case.path]


@pytest.mark.holds("S13", "P03")
@pytest.mark.parametrize("case", LINTERS)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.abort()", "crashed (signal 6)"),
        ("sys.exit(134)", "code 134"),
        ("print('all good')", "not JSON"),
        ("print('{}')", "unknown form"),
        ("print('[3]')", "unknown form"),
        ("print('[{}]')", "has no"),
        ("print('[' * 100_000)", "not JSON"),
        ("sys.stdin.close(); print('[')", "not JSON"),
        ("sys.stderr.write('x' * 5_000_000); sys.exit(9)", "code 9"),
    ],
)
async def test_an_odd_answer_is_a_gap_and_never_a_pass(
    case: Case, body: str, words: str, fake_program: ProgramMaker
) -> None:
    examiner = case.make(fake_program(body))
    seen = await examiner.examine(build_change(case.file()), [case.evidence])
    assert_blind(seen, case.path, words)


@pytest.mark.holds("S19")
@pytest.mark.parametrize("case", LINTERS)
async def test_a_program_that_never_ends_is_stopped_with_its_children(
    case: Case, fake_program: ProgramMaker, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    body = f"os.fork() or (time.sleep(2), open({str(witness)!r}, 'w'))\ntime.sleep(60)"
    examiner = case.make(fake_program(body), limits=Limits(seconds=0.5))
    seen = await examiner.examine(build_change(case.file()), [case.evidence])
    assert_blind(seen, case.path, "took longer than 0.5 s")
    assert not witness.exists()


@pytest.mark.holds("S19")
@pytest.mark.parametrize("case", LINTERS)
async def test_a_program_that_prints_without_end_is_stopped(
    case: Case, fake_program: ProgramMaker
) -> None:
    program = fake_program("while True: sys.stdout.write('x' * 100_000)")
    examiner = case.make(program, limits=Limits(output_bytes=1_000_000))
    seen = await examiner.examine(build_change(case.file()), [case.evidence])
    assert_blind(seen, case.path, "printed more than 1 MB")


@pytest.mark.parametrize("case", LINTERS)
async def test_a_program_that_cannot_be_started_is_a_gap(
    case: Case, tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(tmp_path / "absent")
    examiner = case.make(tmp_path / "absent")
    seen = await examiner.examine(build_change(case.file()), [case.evidence])
    assert_blind(seen, case.path, "could not be started")


@pytest.mark.holds("S13", "S17")
@pytest.mark.parametrize("case", LINTERS)
async def test_a_program_gets_no_environment_and_a_private_home(
    case: Case, fake_program: ProgramMaker
) -> None:
    # What it saw comes back through its exit code: 7 means "as promised".
    program = fake_program(
        "names = set(os.environ) - {'LC_CTYPE', 'PWD', 'SHLVL', '_'}\n"
        "private = os.stat(os.environ['HOME']).st_mode & 0o077 == 0\n"
        "alone = os.getsid(0) == os.getpid()\n"
        "sys.exit(7 if names == {'HOME', 'TMPDIR'} and private and alone else 8)"
    )
    seen = await case.make(program).examine(build_change(case.file()), [case.evidence])
    assert_blind(seen, case.path, "code 7")
