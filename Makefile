# make book   build the book into _build/html (creates .venv and installs requirements.txt the first time)
# make serve  build it and open it in a browser
# make lab    open the chapters in JupyterLab
# make test   run all tests, in the same environment plus what tests need; gets a Chromium where there is none
# make lock   resolve requirements.txt and requirements-test.txt anew from pyproject.toml (needs uv)
#
# PYTHON=... chooses the interpreter that .venv is made with; otherwise the newest of Python 3.13 to 3.10 is taken.
# TORCH_INDEX=... names the index that Linux takes PyTorch's build from (its own CPU builds, if not given); TORCH_INDEX=
# takes the package index's, with CUDA. CHROMIUM=... and FIREFOX=... name the browsers that the tests use.

.PHONY: help book serve lab browsers test lock clean
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3.10 python3 python; do \
  "$$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
  && { echo "$$python"; break; }; done)

# Computed embeddings are kept in this folder, for the book, the tests and the lab alike.
export DALBOOK_CACHE ?= $(CURDIR)/.cache

# What Python compiles on an import is kept, whatever a container's settings say: without it each chapter's kernel and
# each test's process compiles PyTorch and the rest anew, 10 seconds each.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python

# An installed environment is a stamp named after what went into it, so that a changed lock, or a moved folder, installs
# again, and nothing else does.
key = $(shell { cat $(1) pyproject.toml; echo "$(CURDIR)"; } | cksum | cut -d' ' -f1)
BOOK_ENV := .venv/dalbook-book-$(call key,requirements.txt)
TEST_ENV := .venv/dalbook-test-$(call key,requirements.txt requirements-test.txt)

$(BOOK_ENV):
	@if test -z "$(PYTHON)"; then echo "No Python 3.10 to 3.13 found: install one, or name it with PYTHON=..." >&2; exit 1; fi
	@"$(PYTHON)" tools/environment.py requirements.txt
	@touch $@

$(TEST_ENV): $(BOOK_ENV)
	@"$(VENV)" tools/environment.py requirements-test.txt
	@touch $@

book: $(BOOK_ENV)
	@"$(VENV)" tools/build.py

serve: book
	@"$(VENV)" tools/serve.py

lab: $(BOOK_ENV)
	"$(VENV)" -m jupyterlab chapters

browsers: $(TEST_ENV)
	@"$(VENV)" tools/browsers.py

# Browsers are got while the book is built; one that cannot be got says so at once.
test: $(TEST_ENV)
	@$(MAKE) --no-print-directory --jobs=2 browsers book
	"$(VENV)" -m pytest --numprocesses=2 --dist=loadscope --no-loadscope-reorder

lock:
	"$(VENV)" tools/lock.py

clean:
	rm -rf _build
