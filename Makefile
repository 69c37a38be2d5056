# Two commands for a newcomer: `make demo` and `make test`. Only Python >= 3.11 is needed.
PYTHON ?= python3
ENV ?= .venv
BIN := $(ENV)/bin
ARGS ?=

.PHONY: demo up test interop check docs bench clean

$(ENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(ENV)/.ready
	$(BIN)/segur-sandbox demo $(ARGS)

up: $(ENV)/.ready
	$(BIN)/segur-sandbox up $(ARGS)

test: $(ENV)/.ready
	$(BIN)/python -m pytest -n auto tests/unit tests/e2e $(ARGS)

interop: $(ENV)/.ready
	$(BIN)/python -m pytest tests/interop $(ARGS)

check: $(ENV)/.ready
	$(BIN)/ruff check simulators tests scripts benchmarks
	$(BIN)/ruff format --check simulators tests scripts benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(ENV)/.ready
	$(BIN)/python -m scripts.generate_docs

bench: $(ENV)/.ready
	$(BIN)/python -m benchmarks.run $(ARGS)

clean:
	rm -rf $(ENV) build dist *.egg-info
