# make demo   set up and run the main job on songs that the project synthesises itself
# make test   set up and run the tests, but for those marked slow; make test-all runs all
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two processes of one thread each suit two cores best; the first to finish takes over tests of the other.
TESTS := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

.PHONY: demo test test-all lint webui clean

demo: $(VENV)/installed
	$(BIN)/python scripts/demo.py

test: $(VENV)/installed-dev
	$(TESTS) -m "not slow"

test-all: $(VENV)/installed-dev
	$(TESTS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

webui: $(VENV)/installed-ui
	$(BIN)/python webui.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-ui: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[ui]'
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps tinysoundfont  # nothing here needs PyAudio
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache
