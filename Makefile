# Two commands on a fresh machine: `make demo` and `make test`. Both set up what they need
# (see scripts/setup), say what they install and where, and can be repeated.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all check docs bench setup clean

demo: setup
	$(BIN)/iseul run recipes/image.toml

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal --all

check: setup
	$(BIN)/ruff format --check src tests bench scripts
	$(BIN)/ruff check src tests bench scripts
	$(BIN)/mypy

docs: setup
	$(BIN)/python scripts/generate_docs.py

bench: setup
	$(BIN)/python bench/run.py

setup:
	@PYTHON=$(PYTHON) sh scripts/setup

clean:
	rm -rf .venv .data runs build
