# make run and make test each work as the first command on a machine with git, make and python3 >= 3.11.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_FOR_TESTS := .venv/.installed-for-tests

# The explorer's TypeScript is checked in a copy, since files beside the code would change the fingerprint of a refresh.
# npm comes from the extra explore.
FRONTEND := orchestration/outputs/explorer/frontend
CHECKED := build/explorer
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(CHECKED)

# Real raw files, if they are beside the project; without them the run uses the network, then the sample.
ifneq ($(wildcard ../shared/sources/catalog.csv),)
export WAREHOUSE_MIRROR ?= $(abspath ../shared/sources)
endif

.PHONY: run test test-slow coverage lineage-picture checks explorer lint docs bench setup setup-tests wheel lock clean

run: setup
	$(BIN)/warehouse run

# Two workers, each with whole files, whose tests share fixtures.
test: setup-tests
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile

test-slow: setup-tests
	$(BIN)/pytest -m slow -n 2 --dist loadfile --no-loadscope-reorder

# The README's picture of the lineage, taken from Dagster's own page; needs Debian's chromium.
lineage-picture: setup-tests
	$(BIN)/pytest tests/browser -k lineage
	cp build/screenshots/lineage.png docs/lineage.png

# The list of the dbt project's tests; a test fails if it is out of date.
checks: setup
	$(BIN)/python -m orchestration.build.checks_page

lint: setup-tests $(CHECKED)/node_modules/.package-lock.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 dbt_project
	cd dbt_project && ../$(BIN)/dbt --quiet parse --vars 'real_data_tests: true' --target-path ../build/dbt_lint
	$(BIN)/dbt-score lint --manifest build/dbt_lint/manifest.json
	$(BIN)/dbt-bouncer run
	rm -rf $(CHECKED)/src
	cp -r $(FRONTEND)/. $(CHECKED)
	$(NPM) run --silent check

# The share of lines that the fast tests run, measured in this process only; nothing depends on the figure.
coverage: setup-tests
	$(BIN)/pytest -m "not slow" --cov=orchestration --cov=analysis --cov-report=term:skip-covered

# The guides and the reference made from the docstrings, as a static site in build/site.
docs: setup-tests
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

# Half an hour on two quiet cores; make bench BENCH="--only query --rounds 3", or BENCH="--compare OLD.json NEW.json".
bench: setup-tests
	$(BIN)/python -m tests.benchmarks $(BENCH)

# One page that draws and answers SQL, build/explorer.html, of the current publication.
explorer: setup-tests
	$(BIN)/warehouse explore --output build/explorer.html

$(CHECKED)/node_modules/.package-lock.json: $(FRONTEND)/package-lock.json | setup-tests
	mkdir -p $(CHECKED)
	cp -r $(FRONTEND)/. $(CHECKED)
	$(NPM) ci --silent

setup: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is %s, needed is 3.11 or newer: make PYTHON=..." % sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m compileall -q orchestration analysis
	$(BIN)/python -c "import orchestration.definitions"
	touch $@

# What tests, lint and documentation need besides: browser driver, S3 mock, the lake's extensions, linters.
setup-tests: $(INSTALLED_FOR_TESTS)

$(INSTALLED_FOR_TESTS): $(INSTALLED) requirements-dev.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@

wheel: setup-tests
	$(BIN)/uv build --quiet --wheel --out-dir build/dist

# After a change of the dependencies in pyproject.toml. The second lock has the versions of the first.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
lock:
	$(COMPILE) --extra operate pyproject.toml -o requirements.lock
	$(COMPILE) --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv data build *.egg-info
