.DEFAULT_GOAL := help
ARGS ?=
PY := .venv/bin/python

# Every process would compile all of ours anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check lint clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Prepare .venv with the development tools
	@./setup --dev

run: ## Start the whole product with the demonstration cases (ARGS=--once, ARGS="--once --json FILE")
	@./setup
	@.venv/bin/liandong up --demo $(ARGS)

test: setup ## Run the tests, three at a time (ARGS="tests/domain -k clock")
	@$(PY) -m pytest -n 3 $(ARGS)

lint: setup ## Format check, lint, types, import directions, unused code and dependencies
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/vulture
	@.venv/bin/deptry .

check: lint test ## Everything that must hold before a commit

clean: ## Remove .venv and caches; asks before it deletes the data directory
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d data ]; then \
		printf 'Delete ./data too, with every case, the Temporal file and the encryption key? [y/N] '; \
		read -r answer || answer=n; \
		case "$$answer" in [yY]) rm -rf data; echo 'deleted' ;; *) echo 'kept' ;; esac; \
	fi
