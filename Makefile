# Two commands do everything: `make demo` and `make test`. Both may be run again and again.

VENV := .venv
PYTHON := $(VENV)/bin/python
# Not compiled as it is installed: most of it is never imported, and what is, Python compiles then, once.
PIP := $(PYTHON) -m pip install --quiet --no-compile
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# One more than there are processors, up to four: many tests wait for a process of their own.
WORKERS := $(shell python3 -c "import os; print(min((os.cpu_count() or 1) + 1, 4))")

unexport PYTHONDONTWRITEBYTECODE # as images of containers set it: every process would compile torch anew

MAKEFLAGS += --jobs=2 # of what is installed, pip's and Debian's at once

.PHONY: demo test quick-test lint types first-run prepared screenshots page-speed bench diagnosis faults load fuzz scale versions notebook newcomer clean

demo: $(VENV)/.runs
	$(PYTHON) app.py

test: $(VENV)/.tests chromium lint
	$(PYTHON) -m pytest --ignore=tests/e2e --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
	$(PYTHON) -m pytest tests/e2e

# The core alone, without a page, a training or a process of its own: within 90 s on two idle cores.
quick-test: $(VENV)/.tests
	$(PYTHON) -m pytest -m "not slow" --numprocesses=auto --maxprocesses=4 --dist=loadfile

lint: $(VENV)/.tests
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

# Types of the package and app.py: about a minute, so that `make test` leaves them out.
types: $(VENV)/.tests
	$(PYTHON) -m basedpyright

# The finished run that the page opens with, and in how many of 100 seeds it shows: when checkpoints/dim has changed.
first-run: $(VENV)/.runs
	$(PYTHON) -m lowlight_ddpm.ui.play.first_run

# All that the page shows of networks before any runs: to be made again when a checkpoint has changed.
prepared: first-run

# Every tab, light and dark, wide and narrow, into docs/screenshots.
screenshots: $(VENV)/.tests chromium
	PYTHONPATH=. $(PYTHON) tools/screenshots.py

# How soon the page shows its picture, and what watching adds to a run: on an idle machine.
page-speed: $(VENV)/.tests chromium
	PYTHONPATH=. $(PYTHON) tools/page_speed.py

# Each stamp is as new as the requirements that were last installed.
$(VENV)/.runs: requirements.txt
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PIP) --requirement requirements.txt
	touch $@

$(VENV)/.tests: requirements-dev.txt $(VENV)/.runs
	$(PIP) --requirement requirements-dev.txt
	touch $@

# The browser tests drive Debian's chromium; elsewhere install Chromium or Chrome by hand.
.PHONY: chromium
chromium:
ifeq ($(CHROMIUM),)
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium
endif

# Every speed that is promised, each against what people use otherwise: on an idle machine.
bench: $(VENV)/.tests
	$(PYTHON) -m benchmarks.bench

# How often a diagnosis names the fault that was built into a network: a minute.
diagnosis: $(VENV)/.tests
	$(PYTHON) -m benchmarks.diagnosis

# Training and evaluation killed, starved and damaged: how often nothing is lost.
faults: $(VENV)/.runs
	$(PYTHON) -m benchmarks.faults

# Many users of one server at once, users who stop, and many runs in a row.
load: $(VENV)/.runs
	$(PYTHON) -m benchmarks.load

# Odd settings and broken files: each is taken, or refused in one sentence.
fuzz: $(VENV)/.tests
	$(PYTHON) -W ignore -m benchmarks.fuzz

# What steps, states and images cost here: the constants of docs/scale.md.
scale: $(VENV)/.runs
	$(PYTHON) -m benchmarks.scale

# The tests at the lowest and at the highest versions that requirements.txt allows.
versions: $(VENV)/.tests
	$(PYTHON) -m benchmarks.versions

# docs/explore.ipynb, in a browser.
notebook: $(VENV)/.runs
	$(PIP) jupyterlab ipywidgets
	PYTHONPATH=$(CURDIR) $(PYTHON) -m jupyterlab docs/explore.ipynb

# The row of docs/howto.md in a fresh clone, by its commands word for word: trained, measured, seen on the page.
newcomer: $(VENV)/.tests
	PYTHONPATH=. $(PYTHON) tests/helpers/newcomer.py

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
