# Everything a person does here is one of these verbs; `make help` lists them.
SHELL := /bin/sh
PYTHON_HERE := .venv/bin/python
WARMLANE := .venv/bin/warmlane
PART ?=
RESOLVE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

# In the order of collection, so that the lab's tests, which one worker runs, come last.
ON_ALL_CORES := --numprocesses auto --dist loadgroup --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help up down test up-here down-here test-here quick check format bench soak schema lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## the whole thing: what is missing, lab, environment dev, its campaigns, 100 messages through each
up: ROOM = up
down: ## stop the lab and remove what it left on the machine (the cache of built tools stays)
down: ROOM = down
test: ## all tests, the quick ones first; lab tests where a lab can run
test: ROOM = test

# Root runs the lab on this machine; without root a Docker daemon gives it a machine of its own.
up down test:
	@if [ "$$(lab/bootstrap where)" = docker ]; then exec lab/in-docker $(ROOM); fi; exec $(MAKE) --no-print-directory $(ROOM)-here

up-here:
	@lab/bootstrap lab
	@$(MAKE) --no-print-directory .venv/complete
	@$(WARMLANE) render --all
	@$(WARMLANE) lab up
	@$(WARMLANE) up --all
	@$(WARMLANE) demo

down-here:
	@if [ -x $(WARMLANE) ]; then $(WARMLANE) lab down; else echo "nothing to do: no lab was ever started from here"; fi

# Without root the lab tests are not selected; what a lab lacks is told by the tests' last line.
test-here:
	@if [ "$$(id -u)" = 0 ] || [ "$${WARMLANE_REQUIRE_LAB:-}" = 1 ]; then lab/bootstrap lab; else lab/bootstrap quick; fi
	@$(MAKE) --no-print-directory .venv/complete
	@$(PYTHON_HERE) -m pytest $(ON_ALL_CORES)

quick: .venv/complete ## the tests that need no lab
	@$(PYTHON_HERE) -m pytest $(ON_ALL_CORES) -m "not lab"

check: .venv/complete ## lint, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: .venv/complete ## put all Python files into the project's format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: .venv/complete ## ratios and aimed-for figures, printed and judged (PART=preview|pack|render|up|check-list|tokens|admission|receivers|decisions|returns)
	@$(PYTHON_HERE) -m bench $(PART)

soak: .venv/complete ## the full numbers, as JSON in soak/ (PART=rebuild|campaigns|configurations|differential|fuzz|mutants|pod-security|refusals|simulate)
	@$(PYTHON_HERE) -m bench.soak $(PART)

schema: .venv/complete ## write schema/*.json from the models
	@$(PYTHON_HERE) -m warmlane.schema

lock: .venv/complete ## resolve requirements.in into requirements.lock, and out of it services/requirements.lock
	@$(RESOLVE) --output-file requirements.lock requirements.in
	@$(RESOLVE) --constraint requirements.lock --output-file services/requirements.lock services/requirements.in

.venv/complete: requirements.lock pyproject.toml
	@lab/bootstrap quick
	@echo "installing the Python packages into .venv (about 2 min)"
	@"$$(lab/bootstrap python)" -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@
