# Everything a user or developer runs. Bare `make` explains the targets.
SHELL := /bin/sh
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubernetes-issue-predictor
export PIP_CACHE_DIR := $(CACHE)/pip
export MPLCONFIGDIR := $(CACHE)/matplotlib
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/build/bin:$(PATH)
PYTHON ?= python3
export PYTHON
DURATION ?= 0
HEADLESS ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup chromium demo test unit system browser pictures check rules dashboards model lock clean

help: ## explain the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  make demo DURATION=300 HEADLESS=1   the demo as lines, for 5 minutes; exit code 0 if it predicted"

setup: ## virtual environment, locked dependencies, Prometheus and friends (each target does this itself)
	@sh scripts/venv.sh
	@sh scripts/binaries.sh

demo: setup ## the whole loop on this machine: pretend cluster, Prometheus, predictions, alerts; Ctrl-C ends it
	@python -m demo run --duration $(DURATION) $(if $(filter 1,$(HEADLESS)),--headless)

chromium: setup
	@sh scripts/chromium.sh

test: chromium ## every test, with real servers and a browser on loopback
	@python -m pytest

unit: setup ## the tests that start no server
	@python -m pytest -m "not system"

system: chromium ## only the tests that start real servers
	@python -m pytest -m system

browser: chromium ## only the tests of the pages in Chromium
	@python -m pytest tests/browser

pictures: chromium ## photograph the exporter's pages into docs/img (URL=http://… for an exporter that runs)
	@python -m tests.browser.pictures $(URL)

check: setup rules ## ruff, mypy --strict, import-linter, promtool, amtool, compose file, dashboards
	@ruff check . && ruff format --check .
	@mypy
	@lint-imports
	@python -m pytest tests/deploy

rules: setup ## promtool and amtool over prometheus/
	@sh scripts/rules.sh

dashboards: setup ## write grafana/dashboards from the code in dashboards/
	@python -m dashboards

model: setup ## train the default model on the pretend cluster into build/model
	@python -m demo model

lock: setup ## refresh the lock files from pyproject.toml (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --extra dev pyproject.toml -o requirements-dev.lock

clean: ## remove what make made, in this folder and in the cache folder
	rm -rf .venv build "$(CACHE)"
