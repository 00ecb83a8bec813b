# Each target is alone enough on a machine with git, make and a Python of 3.10 or newer.
.PHONY: demo test lint bench storm nights fuzz clean
SEEDS ?= 200

demo: ## copy the snapshots of tagged disks on four simulated clouds
	@bash tests/demo.sh

test: ## every check and test
	@bash tests/test.sh

lint: ## the static checks alone
	@bash tests/lint.sh

storm: ## SEEDS storms a cloud, 1,000 collisions, playbooks killed; the tables go into docs/docsite/rst/reliability.rst
	@bash tests/storm.sh $(SEEDS) --collisions 1000 --processes 20 --write

nights: ## a year of nights a cloud, and 10,000 random histories of retention; the tables go into docs/docsite/rst/reliability.rst
	@bash tests/nights.sh --write

fuzz: ## 2,000 bad inputs a module, and as many bad answers a cloud
	@bash tests/fuzz.sh 2000

bench: ## figures, as ratios of one run, beside the peers; table and picture go into docs/docsite/rst
	@bash tests/bench.sh --write

clean: ## remove what the targets above made
	rm -rf .work .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
