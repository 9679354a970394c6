# Needs Python 3.11 or newer and make; everything else is fetched, pinned by hash.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PYTHON := $(or $(PYTHON),python3)
SAMPLE ?= yes
BIN := .venv/bin

.PHONY: run test test-long check bench fmt lock clean-data runtime development browser

run: runtime
	@$(BIN)/python -m baoxue.cli up $(if $(filter no,$(SAMPLE)),--no-sample)

# Two processes, each with servers of its own; a file stays in one of them.
APART := -n 2 --dist loadfile --no-loadscope-reorder

test: development browser
	@$(BIN)/python -m pytest $(APART)

test-long: development browser
	@$(BIN)/python -m pytest $(APART) -m "long or not long"

check: development
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright
	@$(BIN)/lint-imports

bench: development
	@$(BIN)/python -m tests.benchmarks

fmt: development
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

# The runtime lock takes its versions from the development lock, so that both agree.
lock: UV := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet
lock:
	@$(UV) --group dev --output-file requirements-dev.lock
	@$(UV) --constraint requirements-dev.lock --output-file requirements.lock

clean-data:
	@$(PYTHON) -m baoxue.engines.forget

runtime:
	@$(PYTHON) deploy/local/environment.py requirements.lock

development:
	@$(PYTHON) deploy/local/environment.py requirements-dev.lock

browser:
	@sh deploy/local/browser.sh
