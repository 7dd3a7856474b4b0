# The few commands of a working day; each one is what CI runs too.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := demo
.PHONY: install demo up test check contracts bench chaos lock test-providers

install: .venv/installed
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Authstream needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0] + ". Install one, then: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/authstream demo
up: install
	$(BIN)/authstream demo --stay
test: install
	$(BIN)/python -m pytest tests --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/chaos --ignore tests/benchmarks --ignore tests/providers
chaos: install # FULL=1 for the long form
	$(BIN)/python -m pytest tests/chaos
test-providers: install # also of deploy/ and the wheel; builds Hydra, Kratos, Keycloak, Jaeger, Helm and gVisor once
	$(BIN)/python -m pytest tests/providers
bench: install
	$(BIN)/python -m tests.benchmarks
check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m authstream.contracts.render --check
	$(BIN)/python -m authstream.apps.reference --check
contracts: install
	$(BIN)/python -m authstream.contracts.render
	$(BIN)/python -m authstream.apps.reference
lock: install
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra dev --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra node --extra notify --extra postgres -c requirements.lock --custom-compile-command "make lock" pyproject.toml -o deploy/requirements.lock
