# `make` lists the targets. Everything a target needs is installed by the target itself.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# The first of these that is Python 3.11 or 3.12 makes the environment.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)
bin := .venv/bin
lock_flags := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' --quiet

.venv/argolane: authoring.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.11 or 3.12 with venv is needed, and none is on PATH; name one with PYTHON=.' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(bin)/pip install --quiet --disable-pip-version-check --require-hashes -r authoring.lock
	$(bin)/uv pip install --quiet --python $(bin)/python --no-deps --editable .
	touch $@

.venv/dev: .venv/argolane dev.lock
	$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r dev.lock
	touch $@

.PHONY: setup
setup: .venv/argolane ## install argolane and what it needs into .venv

.PHONY: lock
lock: .venv/dev ## resolve the authoring environments again
	$(bin)/uv pip compile pyproject.toml $(lock_flags) --output-file authoring.lock
	$(bin)/uv pip compile pyproject.toml --extra dev $(lock_flags) --constraint authoring.lock --output-file dev.lock

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
