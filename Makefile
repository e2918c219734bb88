# The commands a newcomer needs; each works on a fresh machine with Python 3.11 or later and make.
.PHONY: help install demo up down status test fmt lint e2e openapi schemas bench clean
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:  ## List the commands
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Footfall needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the locked dependencies (about 190 packages) ..."
	@grep -A999 '^uv==' requirements.lock | awk 'NR==1 || /^ /{print; next} {exit}' > .venv/uv.lock \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

install: .venv/.installed  ## Make .venv and install the locked dependencies

demo: install  ## Set everything up and run the main job on real photographs and video
	$(BIN)/footfall demo

up: install  ## Start the one-machine stack; it stays until `make down`
	$(BIN)/footfall up

down: install  ## Stop the stack
	$(BIN)/footfall down

status: install  ## Show every part with its URL and health
	$(BIN)/footfall status

test: install  ## Run every check and the whole test suite
	$(BIN)/footfall models pull
	scripts/check

fmt: install  ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install  ## The checks without the tests
	scripts/check --no-tests

e2e: install  ## Slow runs of the whole product
	$(BIN)/pytest -m e2e

openapi: install  ## Rewrite the OpenAPI document, the Postman collection and the TypeScript types
	$(BIN)/footfall openapi --write docs/openapi.json --postman docs/footfall.postman_collection.json \
	  --typescript docs/footfall.d.ts

schemas: install  ## Rewrite the committed JSON Schemas from the contracts
	$(BIN)/python -m contracts.schemas

bench: install  ## Measure accuracy and speed
	$(BIN)/python -m benchmarks accuracy
