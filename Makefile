# The commands of the README. `make help` explains each.
.DEFAULT_GOAL := help
.PHONY: help setup build test bench data check torture replicate replicate-rmwggis-synthetic replicate-rmwggis-ising clean

SWIFT ?= swift
REPLICATE := .build/release/replicate
REPLICATIONS := rmwggis-synthetic rmwggis-ising
# PROFILE=smoke, quick, paper …; a process for each processor, with one thread; ARGS are handed on to replicate run.
PROFILE ?= quick
JOBS ?= $(shell nproc)
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-30s %s\n", $$1, $$2}' Makefile

setup: ## Debian packages and libtorch (LIBTORCH=folder, WHEELS=folder of wheels); at once when nothing is missing
	@scripts/setup

build: setup ## the replicate command, optimised
	@$(SWIFT) build -c release --product replicate

test: setup ## all tests, optimised
	@scripts/test $(ARGS)

bench: setup ## ours beside PyTorch's, to Benchmarks/latest.json; ONLY=name runs one
	@scripts/setup-peer
	@$(SWIFT) build -c release --product bench
	@.build/release/bench --python .deps/peer/bin/python $(if $(ONLY),--only $(ONLY)) $(ARGS)

data: ## the image data sets into data/, checked by SHA-256; FROM=folder takes them from there
	@data-scripts/fetch $(FROM)

check: build ## the pinned values of every replication, again
	@set -e; for name in $(REPLICATIONS); do $(REPLICATE) check $$name; done

replicate: replicate-rmwggis-synthetic ## everything from nothing: set up, build, run rmwggis-synthetic, print its table

replicate-rmwggis-synthetic: build ## rmwggis-synthetic at PROFILE (quick), into results/
	@$(REPLICATE) run rmwggis-synthetic --profile $(PROFILE) --jobs $(JOBS) --resume $(ARGS)

replicate-rmwggis-ising: build ## rmwggis-ising at PROFILE (quick), into results/
	@$(REPLICATE) run rmwggis-ising --profile $(PROFILE) --jobs $(JOBS) --resume $(ARGS)

torture: build ## kills a training 200 times and compares what it ends with, fills the disk, two processes on one folder
	@scripts/torture

clean: ## removes what was built and fetched into this folder; results/ and the cache stay
	rm -rf .build .deps data
