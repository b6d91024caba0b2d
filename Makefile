# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint docs build train guidelines screenshots help

help: ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# pip as old as Python 3.11's own can't resolve Label Studio's requirements: it is brought up to date first.
.venv/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("ACRE needs Python 3.11 or newer; name one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once; a few minutes) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[server,extract,dev]'
	@touch $@

demo: .venv/.done guidelines ## the main job on the sample articles; ARGS=--no-wait ends instead of leaving Label Studio up
	@$(BIN)/python scripts/demo.py $(ARGS)

test: .venv/.done ## all tests; the browser's skip where Chromium is missing
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/.done ## style, types, and which module may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

guidelines: .venv/.done ## the guidelines as a site with search, in build/guidelines/
	@$(BIN)/python scripts/guidelines.py

docs: .venv/.done ## the generated pages of docs/
	@$(BIN)/python scripts/docs.py

build: .venv/.done ## corpus/data/ and the card
	@$(BIN)/acre build

train: .venv/.done ## the extractors, from the built dataset, in build/extractor/, and their scores; some minutes
	@$(BIN)/python scripts/train.py $(ARGS)
	@$(BIN)/python scripts/evaluate.py build/extractor/lookup.json build/extractor/model-best

screenshots: .venv/.done ## the pictures of docs/images/, with Chromium
	@$(BIN)/python scripts/screenshots.py
