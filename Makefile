# The two commands of the first page: `make run` and `make test`. `make help` lists the rest.
# A Python that a version manager built without optimisations answers a tenth fewer calls on a core than the one of
# the system: that one is taken instead, where it is new enough and has venv. PYTHON=… on the command line decides.
is_optimised = import ensurepip, sys, sysconfig, venv; made = sysconfig.get_config_var("CONFIG_ARGS") or ""; \
	sys.exit(sys.version_info < (3, 11) or not (sys.base_prefix == "/usr" or "--enable-optimizations" in made))
PYTHON ?= $(shell for python in python3 /usr/bin/python3; do \
	$$python -c '$(is_optimised)' 2>/dev/null && echo $$python && exit; done; echo python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help run test switches lint format check bench bench-cases bench-check bench-docs replay fuzz mutate image-steps lock clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */make \1|/' | column -t -s '|'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Callmark needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "Python's venv module is missing (on Debian: apt install python3-venv)."; exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Callmark runs on (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/%.stamp: requirements-%.lock $(VENV)/dev.stamp
	@echo "Installing what $* needs (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-$*.lock
	@touch $@

run: $(VENV)/run.stamp  ## serve, with the development configuration in config/
	@exec $(BIN)/callmark serve

# A node is started some seventy times: its bytecode is kept, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/dev.stamp  ## every test, in as many processes as there are cores
	@$(BIN)/python -m pytest --numprocesses auto --no-loadscope-reorder

switches: $(VENV)/dev.stamp  ## real calls: SIPp, Kamailio with the recipe, another carrier, the gateway
	@$(BIN)/python -m pytest -s tests/switches

lint: $(VENV)/dev.stamp  ## linter, formatter, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/dev.stamp  ## put the code into its form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

check: lint test  ## what has to pass before a change lands

bench: $(VENV)/dev.stamp  ## how fast, beside openssl and secsipidx, as ratios within one run
	@$(BIN)/python -m bench

bench-cases: $(VENV)/dev.stamp  ## cold caches, dead hosts, hostile tokens, Redis gone, millions of numbers; 20 minutes
	@$(BIN)/python -m bench.cases

bench-check: $(VENV)/dev.stamp  ## is anything slower than bench/baseline.json says?
	@$(BIN)/python -m bench.check

bench-docs: $(VENV)/dev.stamp  ## the figures of the last runs into docs/performance.md, and its picture
	@$(BIN)/python -m bench.pages

replay: $(VENV)/dev.stamp  ## synthetic traffic through a real gateway: what is caught of each campaign
	@$(BIN)/python -m bench.replay

fuzz: $(VENV)/fuzz.stamp  ## every parser, from the kept corpus; FUZZ_SECONDS=8400 for ten minutes each
	@$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

mutate: $(VENV)/mutate.stamp  ## do the tests notice a change in the code? ROOMS="numbers passport ..."; half an hour for a thousand mutants
	@$(BIN)/python -m mutation $(ROOMS)

image-steps:  ## the steps of the Dockerfile without an engine: install, serve as nobody, health, stop
	@PYTHON=$(PYTHON) docker/steps.sh check

lock: $(VENV)/dev.stamp  ## pin the newest allowed dependencies, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev --extra otel -o requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra otel -c requirements-dev.lock -o requirements-otel.lock pyproject.toml
	@for group in fuzz mutate; do $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group $$group -c requirements-dev.lock -o requirements-$$group.lock; done

clean:  ## remove the environment and everything made by running
	rm -rf $(VENV) data certs/dev certs/trust/development-root.pem
