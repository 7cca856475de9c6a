# Python 3.11 or newer and make are all that has to be there; the rest lands in .venv.
# Another Python than python3: make test PY=python3.13

PY ?= python3
BIN := .venv/bin

.PHONY: lab test slow lint reference constraints clean

# JupyterLab on the notebooks, with a simulated rig
lab: .venv/.ok
	$(BIN)/focusbench lab

# the tests, in two processes
test: .venv/.ok
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# what takes longer: a hundred runs, whole nights, a night killed twenty times
slow: .venv/.ok
	$(BIN)/python -m pytest -q -n 2 --dist load -m slow

# style, types, spelling and the rules of the house
lint: .venv/.ok
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md notebooks src tests benchmarks data/sample_packages/index.json

# the API reference from the docstrings: build/reference/index.html
reference: .venv/.ok
	$(BIN)/pdoc --docformat numpy --output-directory build/reference focusbench
	@echo "It begins at build/reference/index.html"

.venv/.ok: pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "focusbench needs Python 3.11 or newer, and '$(PY)' is not. Name one that is, such as: make PY=python3.13 test"; \
	  exit 1; }
	$(PY) -m venv .venv
	@echo "Fetching the packages; this takes a minute or two the first time."
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	$(BIN)/python -c 'from focusbench import curve, stars; curve.warm(); stars.warm()'
	@touch $@

# newest versions of everything, after a change of the dependencies (needs uv)
constraints:
	uv pip compile -q --upgrade --no-header --no-annotate --universal --extra test --extra dev pyproject.toml -o constraints.txt

clean:
	rm -rf .venv artifacts build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
