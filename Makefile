SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run reproduce test test-fast bench lint format clean unlock docs dockerfile system \
	.venv/installed.run .venv/installed.r .venv/installed.dev .venv/installed.test

# What `make reproduce` runs: studies of these protocols, with the released tables from a folder, if one
# is given, in place of the network.
PROTOCOLS ?= published
RELEASED ?=
ifneq ($(filter reproduce,$(MAKECMDGOALS)),)
CONFIG ?= config/paper_released.yaml
ifeq ($(value RESULTS),)
override RESULTS := results/reproduce
endif
endif
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
# Another package index, for a build of torch that pip does not take by default (CPU, CUDA version).
TORCH_INDEX ?=
# Paths may hold anything: neither make (`value`) nor the shell (`export`) looks into them.
override CONFIG := $(value CONFIG)
override RESULTS := $(value RESULTS)
override RELEASED := $(value RELEASED)
override PROTOCOLS := $(value PROTOCOLS)
export CONFIG CORES RESULTS RELEASED PROTOCOLS PYTHON TORCH_INDEX

BIN := .venv/bin
# checks CONFIG and CORES, and prints the folder of the results
CHECK := $(BIN)/python -m evenomics.config.file "$$CONFIG" "$$CORES"
WORDS := --cores "$$CORES" --configfile "$$CONFIG" $(if $(RESULTS),--config results_dir="$$RESULTS")
# not $(BIN)/snakemake, whose first line holds a path that a shell may not take
SNAKEMAKE := $(BIN)/python -m snakemake $(WORDS)

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo "Variables: CONFIG=$$CONFIG CORES=$$CORES RESULTS=$$RESULTS CONDA=$(CONDA) PYTHON=$$PYTHON TORCH_INDEX=$$TORCH_INDEX"

run: .venv/installed.run $(if $(shell command -v R),.venv/installed.r)  ## run the workflow on CONFIG and write RESULTS/report.html
	@$(CHECK) > /dev/null
	@$(SNAKEMAKE) --no-hooks
	@$(BIN)/python workflow/scripts/finish_run.py "$${RESULTS:-$$($(CHECK))}" $(WORDS)

reproduce: .venv/installed.run  ## run the paper on its own data, print how near its scores are (RELEASED=folder of the tables)
	@$(BIN)/python workflow/scripts/released_config.py "$$CONFIG" "$$RESULTS/config.yaml" "$$PROTOCOLS" "$$RELEASED"
	@export CONFIG="$$RESULTS/config.yaml"; \
	$(CHECK) > /dev/null; \
	$(SNAKEMAKE) --no-hooks; \
	$(BIN)/python workflow/scripts/finish_run.py "$$RESULTS" $(WORDS); \
	$(BIN)/python workflow/scripts/print_reproduction.py "$$RESULTS"

test: .venv/installed.test  ## all tests that this machine can run (sets up R, Slurm and a browser as root)
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: .venv/installed.dev  ## the fast tests (two minutes)
	$(BIN)/python -m pytest -n auto -m "not slow"

bench: .venv/installed.run  ## measure training, scoring, selection, costs, jobs and tests, write bench/RESULTS.md (40 minutes)
	for part in training scoring selection costs jobs leakage false_positives; do $(BIN)/python -m bench.$$part; echo; done > bench/RESULTS.md.new
	sed -n '/^# On a GPU/,$$p' bench/RESULTS.md >> bench/RESULTS.md.new  # measured elsewhere
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

.venv/installed.run:
	@.ci/venv workflow run

# Only cohorts from R data files need rpy2; a run without them does not depend on it.
.venv/installed.r: .venv/installed.run
	@.ci/venv workflow,r r || { \
		echo "rpy2 cannot be installed here: no cohorts from R data." >&2; touch $@; }

.venv/installed.dev:
	@.ci/venv workflow,dev,cluster dev run

.venv/installed.test: .venv/installed.dev | system
	@if command -v R > /dev/null; then .ci/venv workflow,dev,r,cluster test; fi
