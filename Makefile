# `make` says what there is; every target runs in .venv, which `make setup` makes.
.DEFAULT_GOAL := help
BIN := .venv/bin
.PHONY: help setup test slow lint docs dist ci

help:   ## show these targets
	@grep -hE '^[a-z]+: +##' $(MAKEFILE_LIST) | sed 's/: *##/\t/' | expand -t 10

setup:  ## make .venv with everything: training, tests, checks
	python3 -m venv .venv && $(BIN)/pip install -e '.[dev]'

test:   ## run the tests, the slow ones left out
	$(BIN)/pytest

slow:   ## run the slow tests
	$(BIN)/pytest -m slow

lint:   ## check style, format and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

docs:   ## write docs/API.md and docs/CORPORA.md again from the code
	$(BIN)/python tools/api_page.py && $(BIN)/python tools/corpora_page.py

dist:   ## build the sdist and the wheel into dist/
	$(BIN)/python -m build

ci:     ## run everything as the CI does, in fresh environments
	.ci/run
