SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-fast bench lint format clean unlock docs dockerfile system

# What `make run` runs, and on how many cores.
CONFIG ?= config/config.yaml
CORES ?= all
# The folder of results, where it is not what the config says (results).
RESULTS ?=
# The Python of .venv, 3.11 or newer.
PYTHON ?= python3
# Conda environments: auto, if conda is installed; off, use .venv and the system's R.
CONDA ?= auto
export EVENOMICS_CONDA := $(CONDA)
# exported, since the shell keeps variables whole whatever they hold
export CONFIG CORES RESULTS
# Another package index, for a build of torch that pip does not take by default (CPU, CUDA version).
TORCH_INDEX ?=

BIN := .venv/bin
# checks CONFIG and CORES, and prints the folder of the results
CHECK := $(BIN)/python -m evenomics.config.file "$$CONFIG" "$$CORES"
WORDS := --cores "$$CORES" --configfile "$$CONFIG" $(if $(RESULTS),--config results_dir="$$RESULTS")
SNAKEMAKE := $(BIN)/snakemake $(WORDS)
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --root-user-action ignore \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo "Variables: CONFIG=$(CONFIG) CORES=$(CORES) RESULTS=$(RESULTS) CONDA=$(CONDA) PYTHON=$(PYTHON) TORCH_INDEX=$(TORCH_INDEX)"

run: .venv/installed.run $(if $(shell command -v R),.venv/installed.r)  ## run the workflow on CONFIG and write RESULTS/report.html
	@$(CHECK) > /dev/null
	@$(SNAKEMAKE) --no-hooks
	@$(BIN)/python workflow/scripts/finish_run.py "$${RESULTS:-$$($(CHECK))}" $(WORDS)

test: .venv/installed.test  ## all tests that this machine can run (sets up R and a browser as root)
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: .venv/installed.dev  ## the fast tests (two minutes)
	$(BIN)/python -m pytest -n auto -m "not slow"

bench: .venv/installed.run  ## measure training, scoring, selection and jobs, write bench/RESULTS.md (20 minutes)
	for part in training scoring selection jobs; do $(BIN)/python -m bench.$$part; echo; done > bench/RESULTS.md.new
	mv bench/RESULTS.md.new bench/RESULTS.md

lint: .venv/installed.dev  ## style, types and form of code, rules and config
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: .venv/installed.dev  ## bring code and rules into form
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

clean:  ## remove what runs have made in results, and all caches (not .venv)
	rm -rf results .snakemake .numba_cache .pytest_cache .mypy_cache .ruff_cache

unlock: .venv/installed.run  ## let Snakemake start again after a run was killed
	@$(CHECK)
	@$(SNAKEMAKE) --unlock --no-hooks

docs: .venv/installed.dev  ## write the tables of config/README.md from the schema
	$(BIN)/python -m evenomics.config.reference

dockerfile: .venv/installed.run  ## write the Dockerfile from the conda environments (needs conda)
	@{ echo '# Every conda environment of the workflow, in one image; written by `make dockerfile`.'; \
		$(BIN)/snakemake --containerize; cat envs/umpire.dockerfile; } > Dockerfile.new
	@mv Dockerfile.new Dockerfile

system:
	@.ci/system

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "evenomics needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
			"Name another one: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu:" \
			"apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv (once; some minutes) ..."
	@$(PYTHON) -m venv .venv

# A stamp per set of packages: they are installed again only when the list of packages changes.
.venv/installed.run: pyproject.toml constraints.txt | .venv/bin/python
	@$(PIP) -e '.[workflow]'
	@touch $@

# Only cohorts from R data files need rpy2; a run without them does not depend on it.
.venv/installed.r: .venv/installed.run
	@$(PIP) -e '.[workflow,r]' || echo "rpy2 cannot be installed here: no cohorts from R data." >&2
	@touch $@

.venv/installed.dev: pyproject.toml constraints.txt | .venv/bin/python
	@$(PIP) -e '.[workflow,dev]'
	@touch $@ .venv/installed.run

.venv/installed.test: .venv/installed.dev | system
	@if command -v R > /dev/null; then $(PIP) -e '.[workflow,dev,r]'; touch $@; fi
