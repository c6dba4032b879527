# `make run` and `make test` do all the set-up they need; `make` alone lists what there is.

PORT ?= 5000
# A git repository to serve instead of the demo workspace.
WORKSPACE ?= $(REGISTRY_WORKSPACE)
# Further arguments for pytest (make test ARGS='-k selection') and the benchmarks
ARGS ?=
# The Python to build .venv with; it must be 3.11 or later.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
  $(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))

BIN := .venv/bin
INSTALLED := .venv/.installed

TOO_OLD = Registry needs Python 3.11 or later and found none. \
  Install one, or name it: make PYTHON=/path/to/python3
NO_VENV = $(PYTHON) cannot make virtual environments. \
  On Debian and Ubuntu: apt install python3-venv

.DEFAULT_GOAL := help
.PHONY: help setup run test torture lint format explorer bench bench-graphql lock audit

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

setup: $(INSTALLED) ## Make .venv with everything in it

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "$(TOO_OLD)" >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version); this takes a minute, once." >&2
	@$(PYTHON) -m venv .venv || { echo "$(NO_VENV)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The documents' writes work without a token here, and only here: this server is on loopback.
run: export REGISTRY_OPEN_WRITES := true
# Where artifacts are fetched from.
run: export REGISTRY_PUBLIC_URL ?= http://127.0.0.1:$(PORT)
ifneq ($(strip $(WORKSPACE)),)
run: export REGISTRY_WORKSPACE = $(WORKSPACE)
endif
run: $(INSTALLED) ## Serve the demo, or WORKSPACE=path, on 127.0.0.1:5000 or PORT=
	@$(BIN)/registry --quiet migrate
	@$(if $(strip $(WORKSPACE)),$(BIN)/registry refresh,$(BIN)/registry --quiet demo > /dev/null)
	@exec $(BIN)/registry serve --host 127.0.0.1 --port $(PORT)

test: $(INSTALLED) ## Run the tests, or some of them: ARGS='-k words'
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

torture: export TORTURE_EXAMPLES ?= 20
torture: $(INSTALLED) ## Run the campaigns: kills, faults, load, attacks, generated requests
	@$(BIN)/python -m pytest -s tests/torture tests/rest/test_hostile_requests.py $(ARGS)
	@$(BIN)/python -m pytest -m hypothesis $(ARGS)

lint: $(INSTALLED) ## Check style, types and the import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

explorer: $(INSTALLED) ## Get the files of the GraphQL explorer, with npm
	@$(BIN)/python -m graphql_schema.explorer.fetch

bench: $(INSTALLED) ## Measure refreshes, reads and the start; ARGS='--repository PATH'
	@$(BIN)/python -m benchmarks.bench $(ARGS)

bench-graphql: $(INSTALLED) ## Compare GraphQL with PostGraphile; shorter with ARGS=--without-scale
	@$(BIN)/python -m benchmarks.graphql_compare $(ARGS)

# On the oldest Python that is supported, so that what newer ones need no more is there too.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url \
  --no-emit-trusted-host --no-emit-find-links --no-annotate --allow-unsafe

lock: export CUSTOM_COMPILE_COMMAND = make lock
lock: $(INSTALLED) ## Write anew which versions a deployment installs; ARGS=--upgrade for newer ones
	@$(LOCK) $(ARGS) --extra s3 --output-file requirements.lock pyproject.toml
	@$(LOCK) $(ARGS) --only-build-deps --build-deps-for wheel \
	  --output-file requirements-build.lock pyproject.toml

audit: $(INSTALLED) ## Ask whether a vulnerability of what a deployment installs is known
	@$(BIN)/python .ci/audit.py requirements.lock requirements-build.lock
