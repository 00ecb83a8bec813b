# Each target needs only a machine with git, make and Python 3.10 or newer.
.PHONY: help unit clients demo clouds kit kit-test test lint bench storm mutants nights fuzz live live-clean matrix docs release-check pictures clean
SEEDS ?= 300
DRILLS ?= 200
NIGHTS ?= 200

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

unit: ## run the quick unit tests; T= names files, a test, or an expression of pytest's -k (then slow tests run too)
	@bash tests/scripts/unit.sh

clients: ## compare the calls of awscli, tccli and Alibaba Cloud's newer SDKs with those of the adapters; T= as above
	@bash tests/scripts/clients.sh

demo: ## show copies, a restore and a failing night on four simulated clouds
	@bash tests/scripts/demo.sh

clouds: ## serve the four simulated clouds until Ctrl-C, to try modules and playbooks without an account
	@bash tests/scripts/clouds.sh

kit: ## make an archive that restores disks without Galaxy, PyPI or Git, in .work/kit; PYTHON=3.12 INVENTORY=plans.yml REPORTS=directory
	@bash tests/scripts/kit.sh

kit-test: ## make a kit, and restore disks from it in a network namespace that has only loopback
	@KIT_TEST=yes T=tests/playbooks/test_kit.py bash tests/scripts/unit.sh
	@KIT_TEST=yes T=tests/playbooks/test_worst_day.py bash tests/scripts/unit.sh

test: ## run the static checks, the unit tests and the playbook tests
	@bash tests/scripts/test.sh

lint: ## run only the static checks
	@bash tests/scripts/lint.sh

storm: ## run random bad days on all clouds; SEEDS=, DRILLS= and NIGHTS= say how many
	@bash tests/scripts/storm.sh $(SEEDS) --collisions 1000 --processes 20 --drills $(DRILLS) --nights $(NIGHTS) --write

mutants: ## break the engine and the roles on purpose, and check that the tests find it; writes tests/mutants/results.rst
	@bash tests/scripts/mutants.sh --write

nights: ## run a year of nights for each cloud, and 10,000 random histories of retention; writes tests/nights/results.rst
	@bash tests/scripts/nights.sh --write

fuzz: ## try 2,000 bad inputs for each module, and as many bad answers for each cloud
	@bash tests/scripts/fuzz.sh 2000

bench: ## measure figures as ratios, compared with peers; writes tests/benchmark/results.rst and a summary in the guide
	@bash tests/scripts/bench.sh --write

live: ## check the promises in a real account, after asking: CLOUD=ebs SOURCE=us-east-1 DESTINATION=eu-west-1
	@bash tests/scripts/live.sh run

live-clean: ## delete what a killed live run left, by its mark, after asking: CLOUD=, SOURCE=, DESTINATION=
	@bash tests/scripts/live.sh clean

matrix: ## test every supported core and Python, with amazon.aws 9 and newest; K= selects (K="core_2_16 and aws_9"), STEPS="sanity units smoke"
	@bash tests/scripts/nox.sh --tags matrix $(if $(K),--keywords "$(K)") $(if $(STEPS),-- $(STEPS))

docs: ## build the site of documentation in .work/site
	@bash tests/scripts/nox.sh --session docs

release-check: ## build the tarball twice and check it, in .work/release; SIGNING_KEY= signs it
	@bash tests/scripts/nox.sh --session release-check

pictures: ## draw the pictures of the README
	@bash tests/scripts/nox.sh --session pictures

clean: ## remove what the targets above made
	rm -rf .work .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
