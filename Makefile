# Carillon. The two commands are `make run` and `make test`; `make help` lists the others.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check bench format lock clean env dev suites test-sqlite test-services test-faults test-browser

# Any Python starts the bootstrap; it finds one that is new enough by itself.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(shell command -v $(name) 2>/dev/null)))
BOOTSTRAP = $(if $(PYTHON),$(PYTHON),$(error Carillon needs Python 3.11 or newer, and there is no python3 on PATH)) config/bootstrap.py
BIN := .venv/bin
PORT ?= 8000

# What `make run` sets unless you did.
DEMO := PORT=$(PORT) CARILLON_SANDBOX="$${CARILLON_SANDBOX-1}" DEBUG="$${DEBUG-0}" PYTHONUNBUFFERED=1
# An installation as it is on the internet, with its data in a folder of its own.
PRODUCTION := SITE_URL=https://carillon.example ALLOWED_HOSTS=carillon.example TRUSTED_PROXIES=127.0.0.1 HSTS_SUBDOMAINS=1 \
	DEBUG=0 CARILLON_SANDBOX=0 SECRET_KEY= DATABASE_URL= REDIS_URL=
# Runs what follows with an empty data folder that is gone afterwards, so that two runs never meet.
SCRATCH := data="$$(mktemp -d)" && trap 'rm -rf "$$data"' EXIT && trap 'exit 130' INT TERM && CARILLON_DATA_DIR="$$data"
SQLITE := DEBUG=0 CARILLON_SANDBOX=0 DATABASE_URL= REDIS_URL=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Settings, as in \`make run PORT=9000\`:"
	@echo "  PORT                where \`make run\` serves (8000)"
	@echo "  CARILLON_DATA_DIR   where it keeps its data (var)"
	@echo "  CARILLON_SANDBOX    0 lets it speak to the real vendors (1)"
	@echo "  CHROMIUM            the browser of the tests (the first one found)"
	@echo "  CARILLON_TEST_DATABASE_URL, CARILLON_TEST_REDIS_URL   PostgreSQL and Redis of the tests (127.0.0.1)"
	@echo "  BENCH               words for \`make bench\`; BENCH=--help lists them"

run: env ## serve Carillon with a small demo project on http://127.0.0.1:8000/
	@$(DEMO) $(BIN)/python manage.py migrate --verbosity 0
	@$(DEMO) $(BIN)/python manage.py demo --if-empty
	@exec env $(DEMO) $(BIN)/python manage.py serve

test: dev ## `make check`, then every test: on SQLite, on PostgreSQL + Redis, in a browser
	@$(BOOTSTRAP) browser >/dev/null
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory --keep-going suites
	@if $(BOOTSTRAP) services >/dev/null 2>&1; \
	then echo "All tests passed: on SQLite, on PostgreSQL + Redis, and in the browser."; \
	else echo "All tests passed on SQLite and in the browser. Those on PostgreSQL + Redis were NOT run: see above."; fi

suites: test-sqlite test-faults test-services test-browser

test-sqlite: dev ## the tests on SQLite
	@echo "Tests on SQLite"
	@$(SCRATCH) $(SQLITE) $(BIN)/pytest

test-faults: dev ## killed workers and lost answers, on SQLite
	@echo "Faults on SQLite"
	@$(SCRATCH) $(SQLITE) $(BIN)/pytest tests/faults

test-services: dev ## both again on PostgreSQL + Redis, where those answer
	@echo "Tests and faults on PostgreSQL + Redis"
	@if urls="$$($(BOOTSTRAP) services)"; then \
		$(SCRATCH) env DEBUG=0 CARILLON_SANDBOX=0 $$urls $(BIN)/pytest && \
		CARILLON_DATA_DIR="$$data" env DEBUG=0 CARILLON_SANDBOX=0 $$urls $(BIN)/pytest tests/faults; \
	elif [ "$$CARILLON_REQUIRE_SERVICES" = 1 ]; then \
		echo "CARILLON_REQUIRE_SERVICES=1 asks for these tests, so this is a failure."; exit 1; \
	else echo "So these tests are not run."; fi

test-browser: dev ## the journeys, in a real browser
	@echo "Journeys in a browser"
	@CHROMIUM="$$($(BOOTSTRAP) browser)" && export CHROMIUM && $(SCRATCH) $(SQLITE) $(BIN)/pytest tests/browser

check: dev ## format, lint, types, import rules, templates, migrations, deployment
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@echo "manage.py makemigrations --check"
	@$(SCRATCH) $(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy"
	@$(SCRATCH) $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: env ## how fast it is, beside django-expo-notifications (half an hour; a few minutes with BENCH=--quick)
	@$(BIN)/python -m tests.bench $(BENCH)

format: dev ## put code and templates into the one format
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

# No registry's address gets into the lock files: whoever installs uses their own.
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: ## renew both lock files from pyproject.toml (needs uv)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --output-file requirements-dev.lock --extra dev --constraint requirements.lock

clean: ## remove what the tools made; your data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis var/test
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env:
	@$(BOOTSTRAP) env

dev:
	@$(BOOTSTRAP) dev
