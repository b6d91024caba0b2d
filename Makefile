# Two commands do all the set-up: `make demo` and `make test`. `make help` lists what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo guidelines site build train docs screenshots test faults mutations lint

help: ## this list
	@awk -F ':.*## |#: ' '\
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^#: / { split($$2, line, " -- "); printf "  %-32s %s\n", line[1], line[2] } \
	  /^[a-z]+:.*## / { printf "  %-32s %s\n", "make " $$1, $$2 }' $(MAKEFILE_LIST)

##@ Try it

demo: .venv/.done guidelines ## the whole way on three sample articles; ARGS=--no-wait ends without Label Studio left up

##@ Use it
#: acre extract FILE -- who says what in any article (acre is in .venv/bin)
#: acre score GOLD PREDICTED -- how good a system is
#: acre convert --to FORMAT -- annotations in another format
#: acre rehydrate FOLDER -- put texts that the corpus may not ship in place, from your own copy

setup: .venv/.done ## the environment in .venv alone; every other target makes it as well

##@ Annotate
#: acre serve --desk NAME -- a Label Studio for an annotator; then acre load, and acre pull
#: acre status -- how far the annotation is; then acre agreement, and acre adjudicate

guidelines: .venv/.done ## the guidelines as a site with search, in build/guidelines/

##@ Look at it
#: acre extract A B C --format html --story -- what each source says, side by side

site: .venv/.done ## the corpus and the guidelines as a site, in build/site/

##@ Build
#: acre validate -- every rule, over the whole corpus
#: python scripts/export.py CONFIG -- pull from all servers, validate and build
#: python scripts/release.py -- a new version of the corpus

build: .venv/.done ## the dataset, in corpus/data/, and its card
train: .venv/.done ## the extractors, in build/extractor/, and their scores; takes some minutes

##@ Develop

test: .venv/.done ## all tests; those in a browser are skipped without Chromium
faults: .venv/.done ## faults injected into the commands by chance; ARGS="--runs 10000 --seed 1"
mutations: .venv/.done ## damaged inputs through all readers; ARGS="--runs 1000000 --seed 1"
lint: .venv/.done ## style, types, and which module may import which
docs: .venv/.done ## the generated pages of docs/ and guidelines/
screenshots: .venv/.done ## the pictures of docs/images/, with Chromium

# pip as old as Python 3.11's own can't resolve Label Studio's requirements: it is brought up to date first.
.venv/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("ACRE needs Python 3.11 or newer; name one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once; a few minutes) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[server,extract,dev]'
	@touch $@

demo:
	@$(BIN)/python scripts/demo.py $(ARGS)

guidelines:
	@$(BIN)/python scripts/guidelines.py

site:
	@$(BIN)/acre site

build:
	@$(BIN)/acre build

train:
	@$(BIN)/python scripts/train.py $(ARGS)
	@$(BIN)/python scripts/evaluate.py build/extractor/lookup.json build/extractor/model-best

docs:
	@$(BIN)/python scripts/docs.py

screenshots:
	@$(BIN)/python scripts/screenshots.py $(ARGS)

test:
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

faults:
	@$(BIN)/python -m tests.faults $(ARGS)

mutations:
	@$(BIN)/python -m tests.mutations $(ARGS)

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
