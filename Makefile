# Requirements: Python 3.11+, make, and access to PyPI and npm. Make installs everything else into this folder.

PYTHON ?= python3
ENVIRONMENT ?= dev
ENVIRONMENTS := dev staging prod

BIN := .venv/bin
CDK := node_modules/.bin/cdk
INSTALLED := .venv/installed
ONEJOB := $(BIN)/onejob

export PATH := $(CURDIR)/$(BIN):$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := true

.PHONY: help run preflight plan-fleet test bench nightly accuracy drill check lint types templates command format setup bootstrap diff deploy destroy clean
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

test: $(INSTALLED) ## run all tests with two processes [TESTS=path]
	@$(BIN)/python -m pytest --numprocesses 2 $(TESTS)

bench: $(INSTALLED) ## measure time, memory and accuracy, compare with plain MLForecast; 90 minutes, Linux only [BENCH="--series 100000 --plain 100000"]
	@$(BIN)/python -m benchmarks.speed $(BENCH)

nightly: $(INSTALLED) ## check the speedup over plain MLForecast and the job with busy neighbors; 15 minutes, Linux only
	@$(BIN)/python -m benchmarks.ratio_guard; guarded=$$?; $(BIN)/python -m benchmarks.neighbors && exit $$guarded

accuracy: $(INSTALLED) ## score the job on tasks with known outcomes, compare with plain MLForecast and published scores [TASKS=folder]
	@$(BIN)/python -m benchmarks.accuracy '$(TASKS)'

drill: $(INSTALLED) ## run fault-injection tests of the application in the local cloud; an hour [DRILL="--sequences 200 --races 100 --steps --seed 1"]
	@$(BIN)/python -m drills $(or $(DRILL),--sequences 200 --races 100 --steps)

check: lint types templates command ## run ruff, import-linter and mypy, and cdk-nag and cfn-lint for every environment

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest --quiet tests/unit/test_layout.py tests/unit/test_words.py

types: $(INSTALLED)
	$(BIN)/mypy .

templates: $(INSTALLED) # cdk-nag runs during synthesis; a finding fails the synthesis
	@for environment in $(ENVIRONMENTS); do \
		echo "cdk synth, cdk-nag, cfn-lint: $$environment"; \
		$(CDK) synth --quiet --no-notices --no-version-reporting --context environment=$$environment \
			--output cdk.out/$$environment \
		&& $(BIN)/cfn-lint cdk.out/$$environment/*.template.json || exit 1; \
	done

command: $(ONEJOB) # check that the installed command starts from any folder
	@cd / && $(CURDIR)/$(ONEJOB) --help > /dev/null

format: $(INSTALLED) ## fix and format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(ONEJOB) ## install all dependencies and the command onejob

bootstrap: $(ONEJOB) ## prepare an AWS account and region for deployments, once [ENVIRONMENT=dev BOOTSTRAP="--custom-permissions-boundary name"]
	@$(ONEJOB) bootstrap --environment $(ENVIRONMENT) $(if $(BOOTSTRAP),-- $(BOOTSTRAP))

diff: $(ONEJOB) ## show the changes that a deployment would make [ENVIRONMENT=dev]
	@$(ONEJOB) diff --environment $(ENVIRONMENT)

deploy: $(ONEJOB) ## deploy to AWS [ENVIRONMENT=dev]
	@$(ONEJOB) deploy --environment $(ENVIRONMENT)

destroy: $(ONEJOB) ## remove an environment and its data from AWS, after confirmation [ENVIRONMENT=dev]
	@$(ONEJOB) destroy --environment $(ENVIRONMENT)

clean: ## remove everything that make created in this folder, including out/
	@$(PYTHON) -c "import pathlib, shutil; [shutil.rmtree(p, ignore_errors=True) for n in ('.venv', 'node_modules', 'cdk.out', 'out', 'onejob.egg-info', '.pytest_cache', '.mypy_cache', '.ruff_cache') for p in [pathlib.Path(n)]]; [shutil.rmtree(p, ignore_errors=True) for p in pathlib.Path('.').rglob('__pycache__')]"

$(INSTALLED): requirements.txt constraints.txt job_code/requirements.txt package.json package-lock.json
	@$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit('onejob needs Python 3.11 or newer; run, for example: make PYTHON=python3.12 ...')"
	@echo "Installing into .venv and node_modules. This takes one to two minutes and happens once."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt --constraint constraints.txt
	@$(BIN)/npm ci --loglevel=error
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"

# The installation is editable because the command works on this checkout. requirements.txt has the dependencies.
$(ONEJOB): $(INSTALLED) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"
