# The project's one task runner. `make demo` and `make test` need nothing but Python 3.11+ and make.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python $(wildcard tools/bootstrap/pip-*.whl)/pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --progress-bar off --no-deps --require-hashes

# Commands that tests start by the hundred would compile the whole gateway again, each of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test nightly lint bench docs lock clean

help: ## この一覧を表示する / list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The interpreter of the system is used only to create the environment; pip comes with the
# repository because Debian ships Python without it.
$(BIN)/python:
	@test -n "$(PYTHON)" \
	  || { echo "Python 3.11 以上が必要です / Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.lock requirements/demo.lock pyproject.toml | $(BIN)/python
	@echo "依存パッケージを .venv に入れています（初回のみ） / installing into .venv (first time only)"
	@$(INSTALL) -r requirements/runtime.lock -r requirements/demo.lock
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/development.stamp: $(VENV)/runtime.stamp requirements/development.lock
	@echo "テスト用パッケージを入れています / installing the test packages"
	@$(INSTALL) -r requirements/development.lock
	@touch $@

demo: $(VENV)/runtime.stamp ## デモの町を動かす / run the demo town
	@$(BIN)/python -m examples.town.demo

# Tests of one file share what the file sets up, so they stay in one process. tests/conftest.py says
# how many processes there are, and puts the long files first.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test: $(VENV)/development.stamp ## 全テスト / every test
	@$(PYTEST)

# The long tests do all they can; HITOTSU_TEST_SIZE is read by tests/size.py.
nightly: $(VENV)/development.stamp ## 全テストを夜間の規模で（約一時間） / every test, at the size of the night
	@HITOTSU_TEST_SIZE=nightly $(PYTEST)

lint: $(VENV)/development.stamp ## ruff, mypy, 依存方向, 移行の検査 / ruff, mypy, import contracts, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/check_migrations.py

bench: $(VENV)/development.stamp ## 速さを比で測る / measure speed as ratios
	@$(BIN)/python -m benchmarks

docs: $(VENV)/runtime.stamp ## 文書のうち生成する部分を作り直す / rebuild the generated parts of the docs
	@$(BIN)/hitotsu docs
	@$(BIN)/python -m standard_models.catalogue build/catalogue

lock: ## ロックファイルを作り直す（uv が要る） / rewrite the lock files (needs uv)
	@python3 tools/lock.py

clean: ## 作業用の環境を消す / remove the local environment
	rm -rf $(VENV) build *.egg-info
