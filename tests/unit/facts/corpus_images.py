"""Small changes of Dockerfiles at the limits of what facts say about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reviewer.domain.change import Change, FileStatus
from tests.personas.snippet_harness import file_change
from tests.unit.facts.fact_corpus import edited, new, of_unknown_base
from tests.unit.facts.fact_example import change

_RUN = 'CMD ["python", "a.py"]\n'


def images() -> Iterator[tuple[str, Change]]:
    """Yield each change with what it is about."""
    for path in (
        *("Containerfile", "docker/Dockerfile.web", "web.dockerfile", "Dockerfile.md"),
        *("Dockerfile.dev", "ci/Dockerfile", ".devcontainer/Dockerfile", "tests/Dockerfile"),
    ):
        yield f"an image at {path}", new(path, f"FROM python:3.12\n{_RUN}")
    for base in (
        *("python:3.12-slim", "scratch", "nvidia/cuda:12-devel", "nvidia/cuda:12-base", "$BASE"),
        *(
            "mcr.microsoft.com/dotnet/sdk:9",
            "mcr.microsoft.com/dotnet/aspnet:9",
            "golang",
            "me/app",
        ),
        *("tiangolo/uvicorn-gunicorn-fastapi", "pytorch/pytorch:2-devel", "gcr.io/distroless/cc"),
        *("gcr.io/distroless/cc:nonroot", "docker.io/library/Debian:12", "eclipse-temurin:21-jre"),
        *("index.docker.io/node@sha256:0", "public.ecr.aws/docker/library/ruby:3", "jenkins/agent"),
    ):
        yield f"an image on {base}", new("Dockerfile", f"FROM {base}\n{_RUN}")
    for user in (
        "root",
        "0",
        "0:0",
        "ROOT:app",
        "app",
        "1000",
        "app:app",
        "10:10",
        "$WHO",
        "${W:-x}",
    ):
        text = f"FROM python:3.12-slim\nUSER {user}\n{_RUN}"
        yield f"a user {user}", new("Dockerfile", text, tree=("k8s/app.yaml",))
    with_user = f"FROM python:3.12-slim\nARG WHO=app\nUSER $WHO\n{_RUN}"
    without = f"FROM python:3.12-slim\nARG WHO=app\n{_RUN}"
    yield "a user by an argument", new("Dockerfile", with_user, tree=("charts/web/values.yml",))
    yield "a user that is gone", edited("Dockerfile", with_user, without)
    yield "a user that was never there", edited("Dockerfile", without, f"{without}# x\n")
    yield "an image of unknown base", of_unknown_base("Dockerfile", without)
    yield "rights are dropped", new("Dockerfile", f"FROM python:3.12-slim\nRUN gosu x\n{_RUN}")
    yield "nothing is started", new("Dockerfile", "FROM python:3.12-slim\n")
    yield "no FROM", new("Dockerfile", "ARG A=1\nRUN x\n")
    yield "an empty FROM", new("Dockerfile", "FROM\nRUN x\n")
    yield "a template", new("Dockerfile", "FROM {{ image }}\n")
    yield "a very large one", new("Dockerfile", f"FROM python:3.12\n# {'x' * 512_000}\n")
    stages = "FROM golang AS build\nRUN make\nFROM build AS mid\nFROM mid\nRUN apk add gcc\nCMD x\n"
    yield "a stage on a stage", new("Dockerfile", stages)
    yield (
        "a last stage for tests",
        new(
            "Dockerfile",
            f"FROM python:3.12 AS app\n{_RUN}FROM app AS test\nRUN apt-get install gcc\n",
        ),
    )
    yield (
        "an image for building as before",
        edited("Dockerfile", "FROM golang:1\nCMD x\n", "FROM golang:2\nCMD x\n"),
    )
    for run in (
        *(
            "apt-get install -y gcc make",
            "apt-get install gcc && apt-get purge gcc",
            "apk add make",
        ),
        *(
            "apt-get install -y \\\n  curl \\\n  g++-12 \\\n  && true",
            "apt-get update; make",
            "echo gcc",
        ),
        *("apt-get install curl && make all", "pip install a", "pip install --no-cache-dir a"),
        *("pip3 install x && rm -rf /x/.cache", "uv sync --frozen", "npm ci", "go mod download"),
        *("--mount=type=cache,target=/x pip install a", "apt-get install -y curl # gcc"),
    ):
        yield f"RUN {run}", new("Dockerfile", f"FROM debian:12-slim\nRUN {run}\n")
    yield (
        "pip without its cache",
        new(
            "Dockerfile",
            "FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install a\nRUN npm ci\n",
        ),
    )
    for line in (
        *(
            "COPY . .",
            "COPY . /app/",
            "ADD ./ /app",
            "COPY --from=build . .",
            "COPY --chown=a . /x",
        ),
        *("COPY a.py .", "COPY a b . /app", 'COPY ["*", "/x"]', "RUN cp . /x"),
        *("COPY .env /app/", "ADD id_rsa /app/", 'COPY ["a.txt", ".netrc", "/x/"]', "COPY x .env"),
        *("COPY --from=build .env .", "COPY deploy/private-key.pem /x", "RUN cat .env"),
        *("ENV DB_PASSWORD=hunter22", "ENV API_KEY abcdef12", "ARG TOKEN=changeme", "ARG TOKEN"),
        *('ENV A=1 SECRET_KEY="s3cr3tvalue"', "ARG NPM_TOKEN=npm_abc123", "ENV PASSWORD=$X1234567"),
        *("ENV A b", "LABEL PASSWORD=abcdef12", "ENV X_PASSWORD=short"),
    ):
        yield line, new("images/web/Dockerfile", f"FROM debian:12-slim\n{line}\nUSER 1\n")
    for ignore in (
        *(".dockerignore", "images/.dockerignore", "images/web/.dockerignore"),
        *("images/web/Dockerfile.dockerignore", "other/.dockerignore", "images/web/x.dockerignore"),
    ):
        text = "FROM debian:12-slim\nCOPY . .\n"
        yield f"with {ignore}", new("images/web/Dockerfile", text, tree=(ignore,))
    kept = file_change(
        "Dockerfile", base="FROM a\nCOPY . .\nRUN x\n", head="FROM a\nCOPY . .\nRUN y\n"
    )
    gone = file_change(".dockerignore", base="x\n", head=None)
    far = replace(kept, hunks=kept.hunks)
    yield "everything was copied before", change(kept)
    yield "what leaves out is deleted", change(far, gone)
    yield (
        "what leaves out is renamed",
        change(
            kept,
            replace(
                file_change("x.txt", base="x\n", head="x\ny\n"),
                base_path=".dockerignore",
                status=FileStatus.RENAMED,
            ),
        ),
    )
    for start in (
        *('CMD ["python", "-u", "a.py"]', "ENTRYPOINT python3.12 -u a.py", "CMD node a.js", _RUN),
        *("ENV PYTHONUNBUFFERED=1\nCMD python a.py", "ARG PYTHONUNBUFFERED=1\nCMD python a.py"),
    ):
        yield f"starts by {start}", new("Dockerfile", f"FROM python:3.12-slim\nUSER 1\n{start}\n")
    buffered = f"FROM python:3.12-slim\nUSER 1\n{_RUN}"
    yield "buffers as before", edited("Dockerfile", buffered, f"{buffered}# x\n")
    yield "buffers now", edited("Dockerfile", buffered.replace("_RUN", ""), buffered)
    yield (
        "another escape",
        new(
            "Dockerfile",
            "# escape=`\nFROM debian:12-slim\nRUN apt-get install `\n  gcc\nENV A=\\\n",
        ),
    )
    yield (
        "a directive that is none",
        new("Dockerfile", "# syntax=`\nFROM debian\nRUN a \\\n  gcc\n"),
    )
    yield (
        "a script of its own",
        new(
            "Dockerfile", "FROM debian:12-slim\nRUN <<-EOF\n\tapt-get install gcc\n\tEOF\nUSER 1\n"
        ),
    )
    yield (
        "a script that never ends",
        new("Dockerfile", "FROM debian:12-slim\nRUN <<'EOF'\nUSER 1\n"),
    )
