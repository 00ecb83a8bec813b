# Each target is alone enough on a machine with git, make and a Python of 3.10 or newer.
.PHONY: demo test lint bench clean

demo: ## copy the snapshots of tagged disks between two regions of a simulated EC2
	@bash tests/demo.sh

test: ## every check and test
	@bash tests/test.sh

lint: ## the static checks alone
	@bash tests/lint.sh

bench: ## figures, as ratios of one run
	@bash tests/bench.sh

clean: ## remove what the targets above made
	rm -rf .work .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
