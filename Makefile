# `make` lists the targets. Everything a target needs is installed by the target itself.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# The first of these that is Python 3.11 or 3.12 makes the environment.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)
bin := .venv/bin
# Where HOME cannot be written, what uv, pip and argolane keep for next time is kept in this folder.
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
ifneq ($(shell mkdir -p "$(cache)" 2>/dev/null && test -w "$(cache)" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.cache
endif
# The tests start thousands of interpreters: each would compile all that it imports, where nobody may keep it.
export PYTHONDONTWRITEBYTECODE :=
# `make test WORKERS=3` takes a third process: many tests wait.
WORKERS ?= 2
workers = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
lock_flags := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' --quiet

.venv/argolane: authoring.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.11 or 3.12 with venv is needed, and none is on PATH; name one with PYTHON=.' >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(bin)/pip install --quiet --disable-pip-version-check --require-hashes -r authoring.lock
	$(bin)/uv pip install --quiet --python $(bin)/python --no-deps --editable .
	touch $@

.venv/dev: .venv/argolane dev.lock
	$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r dev.lock
	touch $@

.PHONY: setup
setup: .venv/argolane ## install argolane and what it needs into .venv

.PHONY: lock
lock: .venv/dev ## resolve every environment again: authoring, models, bench
	$(bin)/uv pip compile pyproject.toml $(lock_flags) --output-file authoring.lock
	$(bin)/uv pip compile pyproject.toml --extra dev $(lock_flags) --constraint authoring.lock --output-file dev.lock
	$(bin)/uv pip compile bench/stock.in $(lock_flags) --output-file bench/stock.lock
	$(bin)/uv pip compile bench/metaflow.in $(lock_flags) --output-file bench/metaflow.lock
	$(bin)/uv pip compile bench/sweep_flow.in $(lock_flags) --excludes models/train-excludes.txt \
		--output-file bench/sweep_flow.lock
	$(bin)/uv pip compile bench/pandas.in $(lock_flags) --output-file bench/pandas.lock
	$(bin)/uv pip compile models/installer.in $(lock_flags) --output-file models/installer.lock
	models/lock.sh
	$(bin)/uv pip compile argolane/serving/initializer/initializer.in $(lock_flags) --output-file argolane/serving/initializer/initializer.lock
	for name in mlflow rclone; do $(bin)/uv pip compile k8s_setup/components/mlflow/$$name.in $(lock_flags) \
		--output-file k8s_setup/components/mlflow/$$name.lock; done
	cp models/sk_mnist/runtime.lock argolane/starter/templates/model/

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/argolane ## train both models, serve them as an A/B graph, print each arm's accuracy; no cluster
	$(bin)/argolane run mnist $(ARGS)
	$(bin)/argolane logs mnist verify
	$(bin)/argolane predict mnist-ab --request models/sk_mnist/request.json

.PHONY: test
test: .venv/dev ## all tests that need no cluster
	$(bin)/pytest $(workers) $(ARGS)

.PHONY: browser
browser: ## install the browser that the report is tested in (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

.PHONY: postgres
postgres: ## install the PostgreSQL that MLflow is tested with (Debian, as root)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq postgresql >/dev/null; }

.PHONY: prometheus
prometheus: ## install the Prometheus that the monitoring is tested with (Debian, as root)
	@command -v promtool >/dev/null || { apt-get update -qq && apt-get install -y -qq prometheus >/dev/null; }

.PHONY: r
r: ## install the R that trains and serves models/r_mnist (Debian, as root)
	@Rscript -e 'library(ranger); library(plumber)' >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq \
	--no-install-recommends r-base-core r-cran-ranger r-cran-plumber >/dev/null; }

.PHONY: wrk
wrk: ## install the client in C that the benchmarks of serving ask with (Debian, as root)
	@command -v wrk >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk >/dev/null; }

.PHONY: podman
podman: ## install the Podman that --images podman is tested with (Debian, as root)
	@{ command -v podman && command -v catatonit; } >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	podman catatonit runc >/dev/null; }

.PHONY: test-heavy
test-heavy: .venv/dev ## the tests that take minutes, and whole journeys beyond the one that each system has in make test
	$(bin)/pytest -m heavy $(workers) $(ARGS)

.PHONY: test-cluster
test-cluster: .venv/dev ## the tests that need a cluster: that of ../shared/cluster/lab, emptied first
	$(bin)/pytest -m cluster tests/cluster $(ARGS)

.PHONY: check
check: .venv/dev ## linters, types, shell scripts, manifests
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/shellcheck scripts/* models/lock.sh .ci/run k8s_setup/components/mlflow/prepare
	$(bin)/shellcheck --shell sh models/install.sh models/collect.sh models/split.sh workflows/parts/steps/build.sh
	$(bin)/argolane lint

.PHONY: render
render: .venv/argolane ## write workflows/rendered and k8s_serving/rendered from their Hera programs
	$(bin)/argolane render

.PHONY: protos
protos: .venv/dev ## write serving/protos/seldon.binpb from the .proto files beside it
	cd argolane/serving/protos && ../../../$(bin)/python -m grpc_tools.protoc --proto_path=. \
		--include_imports --descriptor_set_out=seldon.binpb prediction.proto

.PHONY: bench
bench: .venv/dev ## measure ratios side by side; ARGS names one
	$(bin)/python -m bench $(ARGS)

.PHONY: clean
clean: ## end local deployments; remove runs, .venv and caches; trained models and what else is kept stay
	@[ ! -x $(bin)/argolane ] || $(bin)/argolane delete deployments --all
	rm -rf .argolane/runs .argolane/deployments .argolane/locks
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache *.egg-info
	find . -path ./.argolane -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: clean-all
clean-all: ## clean, and remove trained models, claims, objects and artifacts; asks first, YES=1 answers
	@[ ! -d .argolane ] || [ "$(YES)" = 1 ] || { \
	du -sh .argolane/volumes/*/* .argolane/objects/*/* .argolane/artifacts/* 2>/dev/null || true; \
	[ -t 0 ] || { echo 'make clean-all removes all of these; without a terminal to ask: make clean-all YES=1' >&2; exit 1; }; \
	read -rp 'Remove all of these? [y/N] ' answer; [ "$$answer" = y ]; }
	@$(MAKE) --no-print-directory clean
	rm -rf .argolane
