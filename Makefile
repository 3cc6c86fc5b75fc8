# Each target sets up what it needs first; a second call starts in seconds.
#   make run    open the studio         make test   lint and all tests
#   make tour   pictures of every step  make bench  the measurements        make lint   style, types, import rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCREENSHOTS ?= screenshots
BENCHMARKS ?= pretraining finetuning diffusion wide pictures generation prefill embedding retrieval window wall scrubber killing

.PHONY: run test lint style tour bench clean
.DEFAULT_GOAL := run

run: $(VENV)/.run-ready $(VENV)/.system-ready
	@$(BIN)/fmstudio fetch starter || echo "The starter set could not be fetched now; everything else works without it."
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" != Linux ]; then \
		$(BIN)/python main.py; \
	else \
		echo "There is no display here, so the tour runs offscreen; its pictures go to $(SCREENSHOTS)/."; \
		$(BIN)/fmstudio tour --screenshots $(SCREENSHOTS); \
	fi

# A process for each core (see tests/conftest.py), and what computes once more as a processor without AVX-512 does.
# Types are checked meanwhile: that takes a minute of one core only, and fills what a core has to wait at the end.
test: export QT_QPA_PLATFORM = offscreen
test: style
	@echo "$(BIN)/mypy, beside $(BIN)/python -m pytest --numprocesses auto --dist worksteal"; \
	$(BIN)/mypy >$(VENV)/.types 2>&1 & types=$$!; trap "kill $$types" INT TERM; \
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal; tests=$$?; \
	wait $$types; types=$$?; cat $(VENV)/.types; \
	exit $$((tests + types))
	.ci/without-avx512 $(BIN)/python -m pytest --numprocesses auto --dist worksteal tests/nn tests/families

lint: style
	$(BIN)/mypy

style: $(VENV)/.test-ready $(VENV)/.system-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

tour: $(VENV)/.run-ready $(VENV)/.system-ready
	$(BIN)/fmstudio tour --screenshots $(SCREENSHOTS)

bench: $(VENV)/.test-ready $(VENV)/.system-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	for each in $(BENCHMARKS); do $(BIN)/python benchmarks/$$each.py || exit 1; done

$(VENV)/.run-ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test-ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.run-ready

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "FM Studio needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/python-venv $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.system-ready: .ci/system-libraries | $(VENV)/bin/python
	@.ci/system-libraries
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
