# make run and make test each work as the first command on a machine with git, make and python3 >= 3.11.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

# Real raw files, if they are beside the project; without them the run uses the network, then the sample.
ifneq ($(wildcard ../shared/sources/catalog.csv),)
export WAREHOUSE_MIRROR ?= $(abspath ../shared/sources)
endif

.PHONY: run test test-slow coverage lineage-picture checks lint docs bench setup lock clean

run: setup
	$(BIN)/warehouse run

# Two workers, each with whole files, whose tests share fixtures.
test: setup
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile

test-slow: setup
	$(BIN)/pytest -m slow -n 2 --dist loadfile --no-loadscope-reorder

# The README's picture of the lineage, taken from Dagster's own page; needs Debian's chromium.
lineage-picture: setup
	$(BIN)/pytest tests/browser -k lineage
	cp build/screenshots/lineage.png docs/lineage.png

# The list of the dbt project's tests; a test fails if it is out of date.
checks: setup
	$(BIN)/python -m orchestration.build.checks_page

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 dbt_project
	cd dbt_project && ../$(BIN)/dbt --quiet parse --vars 'real_data_tests: true' --target-path ../build/dbt_lint
	$(BIN)/dbt-score lint --manifest build/dbt_lint/manifest.json
	$(BIN)/dbt-bouncer run

# The share of lines that the fast tests run, measured in this process only; nothing depends on the figure.
coverage: setup
	$(BIN)/pytest -m "not slow" --cov=orchestration --cov=analysis --cov-report=term:skip-covered

# The guides and the reference made from the docstrings, as a static site in build/site.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

# Half an hour on two quiet cores; make bench BENCH="--only query --rounds 3", or BENCH="--compare OLD.json NEW.json".
bench: setup
	$(BIN)/python -m tests.benchmarks $(BENCH)

setup: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is %s, needed is 3.11 or newer: make PYTHON=..." % sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m compileall -q orchestration analysis
	$(BIN)/python -c "import orchestration.definitions"
	touch $@

# After a change of the dependencies in pyproject.toml.
lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-header \
	    --no-emit-index-url pyproject.toml -o requirements.lock

clean:
	rm -rf .venv data build *.egg-info
