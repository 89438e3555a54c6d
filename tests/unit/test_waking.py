"""What wakes each persona of the catalogue, what does not, and the words that explain it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import FileChange, FileStatus, NotReviewedReason
from reviewer.domain.selection import ChoiceKind, select
from reviewer.testing.builders import build_change, build_unreviewed_file
from tests.unit.selection_example import CATALOGUE, PLAIN, choice, chosen, edited, moved, new


class TestWhatWakesEachPersona:
    @pytest.mark.parametrize(
        ("name", "file", "reason"),
        [
            ("type-guardian", new("app/total.py", PLAIN), "1 Python file"),
            (
                "model-whisperer",
                new("app/train.py", "from transformers import Trainer\n"),
                "`app/train.py:1` imports transformers",
            ),
            (
                "model-whisperer",
                edited("app/score.py", "x = 1\n", "x = torch.zeros(1)\n"),
                "`app/score.py:1` works with tensors or models",
            ),
            ("model-whisperer", new("explore.ipynb", "{}\n"), "`explore.ipynb` is a notebook"),
            (
                "model-whisperer",
                new("configs/tune.yaml", "model: small\nlora_alpha: 16\n"),
                "`configs/tune.yaml:2` sets how a model is trained",
            ),
            (
                "container-architect",
                new("Dockerfile", "FROM a\n"),
                "`Dockerfile` is a container file",
            ),
            (
                "container-architect",
                new("deploy/compose.yaml", "services: {}\n"),
                "`deploy/compose.yaml` is a Compose file",
            ),
            (
                "async-maestro",
                new("app/api.py", "from fastapi import FastAPI\n"),
                "`app/api.py:1` imports fastapi",
            ),
            (
                "async-maestro",
                new("app/poll.py", "async def poll() -> None:\n    pass\n"),
                "`app/poll.py:1` adds an async function",
            ),
            (
                "pipeline-engineer",
                new(".github/workflows/ci.yml", "on: push\n"),
                "`.github/workflows/ci.yml` is a CI workflow",
            ),
            (
                "pipeline-engineer",
                new("app.yaml", "apiVersion: apps/v1\nkind: Deployment\n"),
                "`app.yaml:1` describes a Kubernetes object",
            ),
            ("pipeline-engineer", new("main.tf", 'x = "y"\n'), "`main.tf` is a Terraform file"),
            (
                "security-sentinel",
                new("app/run.py", "\nsubprocess.run(command, shell=True)\n"),
                "`app/run.py:2` starts a process",
            ),
            (
                "test-automator",
                new("tests/test_total.py", "def test_total():\n    assert True\n"),
                "`tests/test_total.py` is a test file",
            ),
            (
                "test-automator",
                new("pkg/total_test.go", "func TestTotal(t *testing.T) {}\n"),
                "`pkg/total_test.go` is a test file",
            ),
            (
                "observer",
                new("app/jobs.py", "x = 1\nlogger.info('done')\n"),
                "`app/jobs.py:2` writes a log line",
            ),
            (
                "observer",
                new("pkg/jobs.go", '\tslog.Info("done")\n'),
                "`pkg/jobs.go:1` writes a log line",
            ),
            (
                "architect",
                edited("requirements.txt", "httpx==1\n", "httpx==1\nredis==5\n"),
                "`requirements.txt:2` adds the dependency redis",
            ),
            (
                "architect",
                new("shop/migrations/0002_price.py", "operations = []\n"),
                "`shop/migrations/0002_price.py` is a database migration",
            ),
            (
                "architect",
                moved("shop/orders/total.py", "shop/total.py"),
                "`shop/orders/total.py` moves here from another folder",
            ),
            (
                "architect",
                new("shop/store.py", "class Store(Protocol):\n    pass\n"),
                "`shop/store.py:1` declares an interface",
            ),
        ],
    )
    def test_a_strong_signal_wakes_it_and_says_where(
        self, name: str, file: FileChange, reason: str
    ) -> None:
        decided = choice(name, file)
        assert decided.kind is ChoiceKind.CHOSEN
        assert reason in decided.reason
        assert decided.signals[0].path == file.path

    def test_three_new_modules_wake_the_architect_and_one_does_not(self) -> None:
        modules = [new(f"shop/part_{number}.py", PLAIN) for number in range(3)]
        assert "architect" in chosen(*modules)
        assert choice("architect", modules[0]).kind is ChoiceKind.WOULD_ALSO_APPLY

    def test_a_new_package_wakes_the_architect(self) -> None:
        assert "architect" in chosen(new("shop/orders/__init__.py", ""))

    def test_a_large_data_file_wakes_the_model_whisperer_though_nobody_reads_it(self) -> None:
        data = replace(
            build_unreviewed_file("prices.csv", NotReviewedReason.TOO_LARGE),
            status=FileStatus.ADDED,
            head_size_bytes=17_000_000,
        )
        assert choice("model-whisperer", data).reason == "`prices.csv` commits 17.0 MB of data"

    def test_several_files_are_counted_in_the_reason(self) -> None:
        routes = [new(f"app/{name}.py", "import fastapi\n") for name in "abc"]
        assert choice("async-maestro", *routes).reason == "3 files import fastapi"
        assert choice("type-guardian", *routes).reason == "3 Python files"

    def test_several_kinds_of_files_are_counted_by_their_name(self) -> None:
        flows = [new(f".github/workflows/{name}.yml", "on: push\n") for name in "ab"]
        assert choice("pipeline-engineer", *flows).reason == "2 CI workflows"


class TestWhatWakesSecuritySentinel:
    @pytest.mark.parametrize(
        ("path", "line", "means"),
        [
            ("app/a.py", 'password = "hunter2hunter2"', "assigns a literal to a secret"),
            (
                "app/a.py",
                'conf["SECRET_KEY"] = "hunter2hunter2"',
                "assigns a literal to a secret",
            ),
            ("a.ipynb", '  "API_KEY = \\"hunter2hunter2\\"\\n"', "assigns a literal to a secret"),
            (
                "dags/a.py",
                'DB = "postgresql://etl:" + "x"\nURL = "postgresql://etl:Kq7rT2m9Zb@db.acme.io/sales"',
                "holds what looks like a secret",
            ),
            ("app/a.py", 'key = os.environ["API_KEY"]', "reads a secret"),
            ("app/a.py", "@login_required", "checks who may do what"),
            ("app/a.py", 'headers["Authorization"] = value', "handles credentials of a request"),
            ("app/a.py", "import hashlib", "uses cryptography or TLS"),
            ("app/a.py", "requests.get(url, verify=False)", "uses cryptography or TLS"),
            ("pkg/a.go", "cfg := &tls.Config{}", "uses cryptography or TLS"),
            ("app/a.py", 'cursor.execute(f"SELECT * FROM t WHERE a={a}")', "runs SQL"),
            ("app/a.py", 'query = "DELETE FROM orders WHERE id = " + key', "holds SQL"),
            ("sql/a.sql", "execute format('drop table %I', name);", "builds or grants in SQL"),
            ("app/a.py", "os.system(command)", "starts a process"),
            ("src/a.ts", 'import { exec } from "child_process";', "starts a process"),
            ("app/a.py", "value = eval(text)", "runs a string as code"),
            ("setup.sh", "curl -s https://a.example | sudo bash", "pipes a download into a shell"),
            ("app/a.py", "return pickle.loads(body)", "deserialises data"),
            ("app/a.py", "settings = yaml.load(text)", "deserialises data"),
            ("app/a.py", "import xml.etree.ElementTree as ET", "parses XML"),
            ("src/a.js", "node.innerHTML = text", "puts markup into a page unescaped"),
            ("app/a.py", 'name = request.args["name"]', "takes input from a request"),
            ("app/a.py", '@router.post("/orders")', "opens an endpoint"),
            ("app/a.py", 'allow_origins=["*"],', "sets cross-origin or security headers"),
            ("app/a.py", "os.chmod(path, 0o777)", "sets permissions of files"),
            ("app/a.py", "archive.extractall(target)", "unpacks an archive"),
            ("app/a.py", "answer = requests.post(url, json=order)", "calls another machine"),
            ("app/a.rb", "  user = params[:user]", "takes input from a request"),
            (
                "src/A.cs",
                "  public Order Get([FromQuery] string id) {",
                "takes input from a request",
            ),
            ("src/A.cs", "  [Authorize]", "checks who may do what"),
            ("app/a.rb", '  system("convert #{name}")', "starts a process"),
            ("app/a.rb", "  text.html_safe", "puts markup into a page unescaped"),
            ("app/a.rb", "  User.where(\"name = '#{name}'\")", "holds SQL"),
            ("api/a.go", '  router.GET("/orders", list)', "opens an endpoint"),
            (
                "app/a.py",
                "load(name, trust_remote_code=True)",
                "runs the code of a model's repository",
            ),
            (".github/workflows/a.yml", "    permissions:", "sets permissions of a workflow"),
            (".github/workflows/a.yml", "  pull_request_target:", "runs on changes by strangers"),
            ("action.yml", "  token: ${{ secrets.DEPLOY_KEY }}", "hands a secret to a step"),
            ("k8s/a.yaml", "      privileged: true", "grants rights in a cluster"),
            ("main.tf", '  cidr_blocks = ["0.0.0.0/0"]', "grants rights in the cloud"),
        ],
    )
    def test_an_added_line_of_this_kind(self, path: str, line: str, means: str) -> None:
        decided = choice("security-sentinel", new(path, f"{line}\n"))
        assert decided.kind is ChoiceKind.CHOSEN
        assert means in {signal.detail for signal in decided.signals if signal.strong}

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("app/a.py", "token = next(tokens)"),
            ("app/a.py", "author = book.author"),
            ("app/a.py", "# subprocess.run would be slower"),
            ("app/a.py", "executor.submit(task)"),
            ("app/a.py", 'label = "select a row from the list"'),
            ("app/a.py", "settings = yaml.safe_load(text)"),
            ("src/a.ts", "const tokenCount = usage.tokens;"),
            (".github/workflows/a.yml", "      - uses: actions/checkout@v5"),
            ("docs/guide.md", "Call `subprocess.run(command, shell=True)`."),
        ],
    )
    def test_a_word_that_only_sounds_like_it_does_not(self, path: str, line: str) -> None:
        assert "security-sentinel" not in chosen(new(path, f"{line}\n"))

    def test_a_removed_line_alone_does_not(self) -> None:
        assert "security-sentinel" not in chosen(
            edited("app/a.py", "x = 1\nos.system(a)\n", "x = 1\n")
        )

    def test_a_process_in_a_test_does_not_but_a_key_in_a_comment_of_a_test_does(self) -> None:
        assert "security-sentinel" not in chosen(new("tests/test_a.py", "subprocess.run([a])\n"))
        key = "AKIA" + "A7B2C3D4E5F6G7H2"
        assert "security-sentinel" in chosen(new("tests/test_a.py", f"# {key}\n"))

    def test_a_file_on_access_does_though_its_lines_say_nothing(self) -> None:
        change = edited("app/permissions.py", "limit = 1\n", "limit = 2\n")
        assert "file on access or cryptography" in choice("security-sentinel", change).reason

    def test_a_comment_in_a_file_on_access_does_not(self) -> None:
        change = edited("app/permissions.py", "x = 1\n", "x = 1\n# the limit is low\n")
        assert "security-sentinel" not in chosen(change)

    def test_any_other_source_is_a_weak_signal(self) -> None:
        decided = choice("security-sentinel", new("app/total.py", PLAIN))
        assert decided.kind is ChoiceKind.WOULD_ALSO_APPLY
        assert decided.reason == "only a weak signal: 1 source file"


class TestWhatWakesObserver:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("app/a.py", "try:\n    f()\nexcept:\n    pass\n"),
            ("app/a.py", "try:\n    f()\nexcept Exception as error:\n    return None\n"),
            ("app/a.py", "try:\n    f()\nexcept Exception: pass\n"),
            ("src/a.ts", "try {\n  f();\n} catch (error) {\n}\n"),
            ("src/A.java", "try { f(); } catch (Exception e) {}\n"),
        ],
    )
    def test_an_error_that_is_swallowed(self, path: str, text: str) -> None:
        decided = choice("observer", new(path, text))
        assert decided.kind is ChoiceKind.CHOSEN
        assert decided.reason.endswith("swallows errors")

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("app/a.py", "try:\n    f()\nexcept KeyError:\n    pass\n"),
            ("app/a.py", "try:\n    f()\nexcept Exception:\n    raise\n"),
            ("src/a.ts", "try {\n  f();\n} catch (error) {\n  show(error);\n}\n"),
            ("src/a.ts", "p.catch(() => {});\n"),
            ("tests/test_a.py", "try:\n    f()\nexcept:\n    pass\n"),
        ],
    )
    def test_an_error_that_is_handled_or_expected_does_not(self, path: str, text: str) -> None:
        assert "observer" not in chosen(new(path, text))


class TestWhatDoesNotWakeAnybody:
    @pytest.mark.parametrize(
        "path",
        [
            "README.md",
            "docs/guide.rst",
            "CHANGES.txt",
            "LICENSE",
            "LICENSE-MIT",
            "changelog.d/12.bugfix",
            "shop/locale/fr/LC_MESSAGES/django.po",
            "web/src/locales/fr.json",
            "config/locales/de.yml",
            "resources/lang/fr/buttons.php",
            "res/values-fr/strings.xml",
        ],
    )
    def test_prose_and_translations_do_not_even_with_a_model(self, path: str) -> None:
        text = "import torch\nsubprocess.run(password='hunter2hunter2')\nlogger.info('x')\n"
        assert chosen(new(path, text), model=True) == set()

    def test_a_lock_file_does_not(self) -> None:
        lock = build_unreviewed_file("poetry.lock", NotReviewedReason.LOCK_FILE)
        assert chosen(lock, model=True) == set()

    def test_a_newer_version_of_a_dependency_does_not_wake_the_architect(self) -> None:
        bump = edited("requirements.txt", "httpx==1\n", "httpx==2\n")
        assert "architect" not in chosen(bump)

    def test_an_empty_change_chooses_nobody_and_says_why_for_each(self) -> None:
        selection = select(build_change(), CATALOGUE, model_configured=True)
        assert selection.chosen == ()
        assert len(selection.choices) == len(CATALOGUE)
        assert all(choice.reason for choice in selection.choices)

    def test_a_file_that_is_only_renamed_in_its_folder_does_not(self) -> None:
        assert chosen(moved("shop/sum.py", "shop/total.py"), model=True) == set()

    def test_comments_alone_wake_no_specialist(self) -> None:
        change = edited("app/total.py", "x = 1\n", "x = 1\n\n# the sum\n")
        assert chosen(change, model=True) == {"bug-hunter"}

    def test_the_number_of_a_release_wakes_no_specialist(self) -> None:
        bump = edited("shop/__init__.py", '__version__ = "1.0"\n', '__version__ = "1.1"\n')
        assert chosen(bump) == set()

    def test_tests_in_python_do_not_wake_the_type_guardian(self) -> None:
        decided = choice("type-guardian", new("tests/test_a.py", PLAIN))
        assert decided.kind is ChoiceKind.NOT_CHOSEN
        assert decided.reason == "no Python source outside tests"


class TestBugHunter:
    @pytest.mark.parametrize(
        "path",
        [
            "a.py",
            "a.go",
            "a.ts",
            "a.tsx",
            "a.rs",
            "a.java",
            "a.c",
            "a.hs",
            "a.sql",
            "a.sh",
            "a.vue",
            "a.rb",
            "a.css",
            "Makefile",
        ],
    )
    def test_comes_with_a_model_to_source_in_any_language(self, path: str) -> None:
        decided = choice("bug-hunter", new(path, "total = 1\n"), model=True)
        assert decided.kind is ChoiceKind.CHOSEN
        assert decided.reason == f"`{path}` is source"

    def test_comes_to_a_script_without_a_suffix(self) -> None:
        script = replace(new("bin/deploy", "total=1\n"), head_mode="100755")
        assert "bug-hunter" in chosen(script, model=True)

    def test_comes_where_lines_are_only_removed(self) -> None:
        assert "bug-hunter" in chosen(edited("a.go", "a := 1\nb := 2\n", "a := 1\n"), model=True)

    def test_stays_away_without_a_model(self) -> None:
        decided = choice("bug-hunter", new("a.py", PLAIN))
        assert decided.kind is ChoiceKind.NOT_CHOSEN
        assert decided.reason == "needs a model, and none is configured"

    def test_stays_away_from_data(self) -> None:
        decided = choice("bug-hunter", new("data.json", "{}\n"), model=True)
        assert decided.reason == "no source code"

    def test_does_not_count_against_the_limit(self) -> None:
        selection = select(
            build_change(new("a.py", PLAIN), new("b.py", PLAIN)),
            CATALOGUE,
            limit=1,
            model_configured=True,
        )
        assert selection.chosen == ("type-guardian", "bug-hunter")
        assert selection.choices[1].reason == "2 source files"
