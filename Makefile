# Every target works first on a fresh clone: the virtual environment is built on first use, and again
# whenever pyproject.toml or constraints.txt change.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt
OUT ?= demo
SEED ?= 0

PYTHONS ?= 3.11 3.12 3.13

.PHONY: help install demo test test-all-pythons lint style types bench check-long docs release-check clean

help:
	@echo "make demo        theory beside simulation, and restored digits: three figures in $(OUT)/"
	@echo "make test        lint, types, import contracts and tests"
	@echo "make test-all-pythons  the tests with each of PYTHONS=\"$(PYTHONS)\", with the newest and with the lowest versions of all dependencies"
	@echo "make check-long  the tests that are too long for make test, and a table of their times"
	@echo "make docs        the documentation site in site/, its tutorials run"
	@echo "make bench       speed: one table of targets, what is measured, met or missed"
	@echo "make release-check  what users will get: built, installed with each Python, tested outside the clone"
	@echo "make install     only build the environment in .venv"

.venv/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "densehop needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@echo "Building the virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

.venv/core: .venv/uv pyproject.toml constraints.txt
	@$(INSTALL) --editable .
	@touch $@

.venv/dev: .venv/uv pyproject.toml constraints.txt
	@$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/core

install: .venv/core

demo: .venv/core
	@$(BIN)/python -m densehop reproduce nishimori-phase-diagram --size quick --out "$(OUT)" --seed "$(SEED)"
	@$(BIN)/python -m densehop reproduce nishimori-overlap --size quick --out "$(OUT)" --seed "$(SEED)"
	@$(BIN)/python -m densehop restore --out "$(OUT)" --seed "$(SEED)"
	@echo "The pictures: $(OUT)/nishimori-phase-diagram.png, nishimori-overlap.png and restore.png (also as .pdf; data as .nc)"

style: .venv/dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports
	@$(BIN)/codespell

types: .venv/dev
	@$(BIN)/mypy

lint: style types

# mypy uses one core for half a minute: it runs beside the tests, and its verdict is printed after theirs. There is one worker
# more than cores, since tests of servers and browsers wait. Tests start many processes: byte code is kept for them also where
# an environment says otherwise.
test: style
	@report=$$(mktemp); $(BIN)/mypy > $$report 2>&1 & mypy=$$!; \
	workers=$$($(BIN)/python -c 'import os; print(1 + os.cpu_count())'); \
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $$workers --dist worksteal; failed=$$?; \
	wait $$mypy || failed=1; cat $$report; rm $$report; exit $$failed

# An environment for each version beside .venv, one with the newest versions of all dependencies, which constraints.txt does not know yet,
# and one with the lowest that pyproject.toml allows.
test-all-pythons: $(PYTHONS:%=.venv-%/tested) .venv-newest/tested .venv-lowest/tested

.venv-%/tested: .venv/uv pyproject.toml constraints.txt FORCE
	@$(BIN)/uv venv --quiet --allow-existing --python $* $(@D)
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python --constraint constraints.txt --editable '.[dev]'
	@$(@D)/bin/python -m pytest --numprocesses logical --dist worksteal

.venv-newest/tested: .venv/uv pyproject.toml FORCE
	@$(BIN)/uv venv --quiet --allow-existing --python $(lastword $(PYTHONS)) $(@D)
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python --upgrade --editable '.[dev]'
	@$(@D)/bin/python -m pytest --numprocesses logical --dist worksteal

.venv-lowest/tested: .venv/uv pyproject.toml FORCE
	@$(BIN)/uv venv --quiet --allow-existing --python 3.11 $(@D)
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python --resolution lowest-direct --editable '.[cluster]'
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python pytest hypothesis pandas
	@$(@D)/bin/python -m pytest -W default -W ignore::DeprecationWarning $(LOWEST)

# All but what needs packages of the extra `dev`. Old versions of other packages warn of each other: there a warning is no error.
LOWEST := tests/unit --ignore tests/unit/apps/explorer

FORCE:

check-long: .venv/dev
	@$(BIN)/python -m pytest -m long -rP --table

docs: .venv/dev
	@rm -rf site docs/learn docs/api/generated
	@$(BIN)/python -m sphinx -q --fail-on-warning --keep-going docs site
	@$(BIN)/python docs/check_links.py site
	@echo "The site: site/index.html"

release-check: .venv/uv
	@$(BIN)/python packaging/release_check.py $(if $(CANDIDATE),--candidate)

.venv/bench: .venv/dev
	@$(INSTALL) --editable '.[dev,bench]'
	@touch $@

bench: .venv/bench
	@$(BIN)/python benchmarks/targets.py

clean:
	rm -rf .venv "$(OUT)" site docs/learn docs/api/generated
