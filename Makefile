# Each target is alone enough on a machine with git, make and a Python of 3.10 or newer.
.PHONY: help unit clients demo clouds kit kit-test test lint bench storm mutants nights fuzz live live-clean matrix docs release-check pictures clean
SEEDS ?= 300
DRILLS ?= 200
NIGHTS ?= 200

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

unit: ## the unit tests that are quick; T= names a file, a test or an expression of pytest's -k, slow ones included
	@bash tests/scripts/unit.sh

clients: ## awscli, tccli and Alibaba Cloud's newer SDKs send to the simulated clouds what the adapters send; T= as above
	@bash tests/scripts/clients.sh

demo: ## copy the snapshots of tagged disks on four simulated clouds
	@bash tests/scripts/demo.sh

clouds: ## serve the four simulated clouds until Ctrl-C, to try modules and playbooks without an account
	@bash tests/scripts/clouds.sh

kit: ## an archive with which disks are restored without Galaxy, PyPI or Git; PYTHON=3.12 INVENTORY=plans.yml REPORTS=directory; in .work/kit
	@bash tests/scripts/kit.sh

kit-test: ## makes a kit, and restores disks from it in a network namespace that has nothing but loopback
	@KIT_TEST=yes T=tests/playbooks/test_kit.py bash tests/scripts/unit.sh
	@KIT_TEST=yes T=tests/playbooks/test_worst_day.py bash tests/scripts/unit.sh

test: ## every check and test
	@bash tests/scripts/test.sh

lint: ## the static checks alone
	@bash tests/scripts/lint.sh

storm: ## SEEDS storms a cloud, 1,000 collisions, playbooks killed, DRILLS storms over drills, NIGHTS of nights; the tables go into tests/storms/results.rst
	@bash tests/scripts/storm.sh $(SEEDS) --collisions 1000 --processes 20 --drills $(DRILLS) --nights $(NIGHTS) --write

mutants: ## break the engine on purpose in a hundred ways, and line by line where it is pure; the tests must find it; the tables go into docs/docsite/rst/reliability.rst
	@bash tests/scripts/mutants.sh --write

nights: ## a year of nights a cloud, and 10,000 random histories of retention; the tables go into tests/nights/results.rst
	@bash tests/scripts/nights.sh --write

fuzz: ## 2,000 bad inputs a module, and as many bad answers a cloud
	@bash tests/scripts/fuzz.sh 2000

bench: ## figures, as ratios of one run, beside the peers; the table goes into tests/benchmark/results.rst, its summary into the guide
	@bash tests/scripts/bench.sh --write

live: ## CLOUD=ebs SOURCE=us-east-1 DESTINATION=eu-west-1: the promises against a real account, which costs some cents; asks first; FACTS=list: the facts that it would settle
	@bash tests/scripts/live.sh run

live-clean: ## CLOUD=, SOURCE=, DESTINATION=: delete what a killed run left, by its mark alone; asks first
	@bash tests/scripts/live.sh clean

matrix: ## every supported core and Python, with amazon.aws 9 and newest; K= chooses (K="core_2_16 and aws_9"), STEPS="sanity units smoke"
	@bash tests/scripts/nox.sh --tags matrix $(if $(K),--keywords "$(K)") $(if $(STEPS),-- $(STEPS))

docs: ## the site of documentation, in .work/site
	@bash tests/scripts/nox.sh --session docs

release-check: ## the tarball twice, Galaxy's importer on it, licences, SBOM, audit; in .work/release; SIGNING_KEY= signs it
	@bash tests/scripts/nox.sh --session release-check

pictures: ## the pictures of the README, made anew
	@bash tests/scripts/nox.sh --session pictures

clean: ## remove what the targets above made
	rm -rf .work .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
