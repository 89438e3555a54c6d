# Everything sets itself up under .venv: git, make and Python 3.11 or newer are enough.
# `make help` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
# Tests start the command some thousand times; without compiled files each would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
BIN := $(VENV)/bin
# What to review: a range (main...HEAD, v1..v2) or one commit.
RANGE ?= HEAD
# What `make bench-tokens` measures: a file of diffs, or the last ten commits of this repository.
DATA ?=
TOKENS_OF = $(if $(DATA),--data $(DATA),--repository . --ranges $(foreach n,0 1 2 3 4 5 6 7 8 9,HEAD~$(n)))
# More arguments for the command or for pytest: make review ARGS="--persona architect -v"
ARGS ?=

# A stamp carries the checksum of what was installed, so a second run installs nothing.
INPUTS := $(shell cat requirements.lock requirements-dev.lock pyproject.toml | cksum | cut -d' ' -f1)
DEVELOPMENT := $(VENV)/.development-$(INPUTS)
# The development environment holds everything that the small one has.
SMALL := $(if $(wildcard $(DEVELOPMENT)),$(DEVELOPMENT),$(VENV)/.small-$(INPUTS))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet --no-input

# The interpreter: the first that runs and is new enough. PYTHON=… names another.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	echo $$name; break; fi; done)

define SET_UP
	@if [ -z "$(PYTHON)" ]; then \
		echo 'Python 3.11 or newer is needed, and none is on the PATH.' >&2; \
		echo 'Install it, or name it: make $@ PYTHON=/path/to/python3.11' >&2; exit 1; fi
	@if ! $(BIN)/python -c 'import pip' >/dev/null 2>&1; then \
		echo "Setting up $(VENV) with $(PYTHON) (once) …" >&2; \
		$(PYTHON) -c 'import ensurepip, venv' >/dev/null 2>&1 || { \
			echo '$(PYTHON) has no venv module (on Debian and Ubuntu: apt install python3-venv).' >&2; exit 1; }; \
		$(PYTHON) -m venv --clear $(VENV); fi
	@$(PIP) install --only-binary :all: --require-hashes --requirement $(1)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.small-* $(VENV)/.development-*
	@touch $@
endef

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: review
review: $(SMALL) ## Review the last commit of this repository, or RANGE=main...HEAD
	@$(BIN)/reviewer review $(RANGE) $(ARGS)

.PHONY: test
test: $(DEVELOPMENT) ## Run the tests that every change has to pass (ARGS="-k glob" for some of them)
	@$(BIN)/python -m pytest -n auto -q -m 'not exhaustive' $(ARGS)

.PHONY: test-exhaustive
test-exhaustive: $(DEVELOPMENT) ## Run those that `make test` leaves out: kills, takeovers, whole cross products
	@$(BIN)/python -m pytest -n auto -q -m exhaustive $(ARGS)

.PHONY: demo
demo: $(DEVELOPMENT) ## See the service post a review on a GitHub of your own machine (ARGS=--keep goes on)
	@$(BIN)/python -m tests.demonstration $(ARGS)

.PHONY: test-action
test-action: $(DEVELOPMENT) ## Run the documented workflows with act, and everything else of the Action
	@$(BIN)/python -m pytest -n auto -q tests/e2e/test_action.py tests/unit/test_action_*.py tests/unit/test_workflows.py $(ARGS)

.PHONY: redteam
redteam: $(DEVELOPMENT) ## Try every hostile input at every door with every model; print what held
	@$(BIN)/python -m tests.redteam.table $(ARGS)

.PHONY: chaos
chaos: $(DEVELOPMENT) ## Let GitHub, the model, the database and the process fail by chance; print what held
	@$(BIN)/python -m tests.chaos.table $(ARGS)

# Guided by coverage where atheris has a wheel for this Python, by the corpus alone elsewhere.
.PHONY: fuzz
fuzz: $(DEVELOPMENT) ## Fuzz the parsers (ARGS="all --seconds 600")
	@test -d $(VENV)-fuzz || $(PIP) install --only-binary :all: --target $(VENV)-fuzz 'atheris>=3,<4' || mkdir $(VENV)-fuzz
	@PYTHONPATH=$(VENV)-fuzz $(BIN)/python -m tests.fuzz $(or $(ARGS),all --seconds 60)

.PHONY: mutation
mutation: $(DEVELOPMENT) ## Break the core in many places and count which breaks a test notices
	@test -d $(VENV)-mutation/mutmut || $(PIP) install --only-binary :all: --target $(VENV)-mutation 'mutmut==3.8.1'
	@nice -n 15 $(BIN)/python -m tests.mutation --tool $(VENV)-mutation $(ARGS)

.PHONY: check
check: lint types contracts test ## Everything that must be green before a commit

.PHONY: lint
lint: $(DEVELOPMENT) ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(DEVELOPMENT) ## mypy, strict
	@$(BIN)/mypy

.PHONY: contracts
contracts: $(DEVELOPMENT) ## import-linter: who may import whom
	@$(BIN)/lint-imports

.PHONY: coverage
coverage: $(DEVELOPMENT) ## Run the tests and hold the coverage gates
	@rm -f .coverage .coverage.*
	@$(MAKE) test ARGS="--cov --cov-report= $(ARGS)"
	@$(MAKE) coverage-gates

.PHONY: coverage-gates
coverage-gates: $(DEVELOPMENT)
	@$(BIN)/coverage report --fail-under=90
	@$(BIN)/coverage report --fail-under=95 --include='reviewer/domain/*,reviewer/llm/*,reviewer/prompting/*,reviewer/rendering/*,reviewer/service/*'

.PHONY: docs
docs: $(DEVELOPMENT) ## Write docs/personas.md, the README's table and the schemas anew
	@$(BIN)/python -m docs.generate

.PHONY: wheel
wheel: $(DEVELOPMENT) ## Build the wheel and the source archive into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@ls dist

.PHONY: sbom
sbom: $(DEVELOPMENT) ## Write dist/sbom.json: what the service is made of (CycloneDX)
	@mkdir -p dist
	@$(BIN)/python -m deploy.sbom requirements-server.lock > dist/sbom.json
	@ls dist/sbom.json

# Beside our own environment: what looks for weak packages brings some itself. --strict: a package
# that could not be looked up is no package without faults.
.PHONY: audit
audit: $(DEVELOPMENT) ## Look for known vulnerabilities in what the locks name (asks the package index)
	@test -x $(VENV)-audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)-audit && \
		$(VENV)-audit/bin/python -m pip --disable-pip-version-check --quiet install --only-binary :all: 'pip-audit>=2.9,<3'; }
	@for lock in requirements.lock requirements-action.lock requirements-server.lock; do \
		$(VENV)-audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$lock || exit 1; done

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure the command against its bars (ARGS=--check fails when one is missed)
	@$(BIN)/python tests/benchmarks/bench_command.py $(ARGS)

.PHONY: bench-action
bench-action: $(DEVELOPMENT) ## Measure the Action apart from a model: install, first review, push (ARGS=--check)
	@$(BIN)/python tests/benchmarks/bench_action.py $(ARGS)

.PHONY: bench-hostile
bench-hostile: $(DEVELOPMENT) ## Measure that hostile text costs linear time (ARGS=--check)
	@$(BIN)/python tests/benchmarks/bench_hostile.py $(ARGS)

.PHONY: bench-selection
bench-selection: $(DEVELOPMENT) ## Measure the choice of personas on labelled changes
	@$(BIN)/python tests/benchmarks/bench_selection.py $(ARGS)

.PHONY: bench-service
bench-service: $(DEVELOPMENT) ## Kill workers of the service and measure how it takes deliveries (ARGS=--check)
	@$(BIN)/python tests/benchmarks/bench_service.py $(ARGS)

.PHONY: bench-tokens
bench-tokens: $(DEVELOPMENT) ## Measure what a review with a model sends: the last ten commits, or DATA=…
	@$(BIN)/python tests/benchmarks/bench_tokens.py $(TOKENS_OF) $(ARGS)

.PHONY: bench-wall
bench-wall: $(DEVELOPMENT) ## Measure how long a review waits for a model (ARGS=--check)
	@$(BIN)/python tests/benchmarks/bench_wall.py $(ARGS)

# --no-emit-*: no index and no address stands in a lock, so that it works behind any mirror.
COMPILE := $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

.PHONY: lock
lock: $(DEVELOPMENT) ## Renew the lock files
	@$(PIP) install --only-binary :all: 'pip-tools>=7.5'
	@$(COMPILE) --all-build-deps --output-file requirements.lock pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' > $(VENV)/dev.in
	@$(COMPILE) --extra model --extra github --extra action --extra server --extra telemetry --extra testing --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml $(VENV)/dev.in
	@$(COMPILE) --extra model --extra github --extra action --constraint requirements-dev.lock --output-file requirements-action.lock pyproject.toml
	@$(COMPILE) --extra model --extra github --extra server --extra telemetry --constraint requirements-dev.lock --output-file requirements-server.lock pyproject.toml

.PHONY: clean
clean: ## Remove what can be made again, .venv too
	@rm -rf $(VENV) dist .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/.small-$(INPUTS):
	$(call SET_UP,requirements.lock)

$(DEVELOPMENT):
	$(call SET_UP,requirements-dev.lock)
