# The commands of the README. `make help` explains each.
.DEFAULT_GOAL := help
.PHONY: help setup build report test test-report test-instruction-sets examples bench docs data check readmes fuzz torture gpu-bundle replicate replicate-rmwggis replicate-ou replicate-adance replicate-score replicate-nce clean

SWIFT ?= swift
REPLICATE := .build/release/replicate
# PROFILE=smoke, quick, paper …; a process for each processor, with one thread; ARGS are handed on to replicate run.
PROFILE ?= quick
JOBS ?= $(shell nproc)
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' Makefile
	@echo "  make replicate-PAPER        all results of a paper: rmwggis, ou, adance, score, nce"
	@echo "  make replicate-NAME         one result at PROFILE (quick), into results/; .build/release/replicate list names them"

setup: ## Debian packages and libtorch (LIBTORCH=folder, WHEELS=folder of wheels); at once when nothing is missing
	@scripts/setup

build: setup ## the replicate command, optimised
	@$(SWIFT) build -c release --product replicate

test: setup ## all tests, optimised
	@scripts/test $(ARGS)

test-instruction-sets: setup ## tests and pinned values with the rounding of other processors; ARGS='--only avx2' for one
	@scripts/test-instruction-sets $(ARGS)

examples: setup ## builds and runs Examples/, which use the library from outside
	@scripts/test-examples

bench: setup ## ours beside PyTorch's, to Benchmarks/latest.json; ONLY=name runs one
	@scripts/setup-python peer 'torch==2.13.*' numpy
	@$(SWIFT) build -c release --product bench
	@.build/release/bench --python .deps/peer/bin/python $(if $(ONLY),--only $(ONLY)) $(ARGS)

docs: setup ## build/docs: the guide and the library's documentation, by DocC
	@scripts/docs build/docs

data: ## MNIST and CIFAR-10 into data/, checked by SHA-256; FROM=folder takes them from there, SETS=mnist one of them
	@data-scripts/fetch $(if $(FROM),"$(FROM)")

check: build ## the pinned values of every replication, again
	@set -e; for name in $$($(REPLICATE) list --names); do $(REPLICATE) check $$name; done

readmes: build ## the claims and tables in the READMEs, made anew from results/
	@$(REPLICATE) splice README.md Replications/*/*.md

replicate: replicate-rmwggis-synthetic ## everything from nothing: set up, build, run rmwggis-synthetic, print its table

replicate-%: build
	@$(REPLICATE) run $* --profile $(PROFILE) --jobs $(JOBS) --resume $(ARGS)

# All results of a paper.
replicate-rmwggis: replicate-rmwggis-synthetic replicate-rmwggis-cost replicate-rmwggis-ising replicate-rmwggis-graphs; @:
replicate-ou: replicate-ou-boltzmann replicate-ou-rbm; @:
replicate-adance: replicate-adance-images replicate-nce-family; @:
replicate-score: replicate-score-matching; @:
replicate-nce: replicate-nce-family; @:

# What it measures is one process at a time.
replicate-rmwggis-cost: JOBS = 1
replicate-rmwggis-cost: ARGS += --threads 1

report: build ## pages of all results in build/report/: what the papers claim, what holds, tables, charts, pictures
	@$(REPLICATE) report

test-report: report ## the pages in a browser: no error, no broken link or picture, no scrolling sideways
	@scripts/setup chromium fonts-dejavu-core
	@scripts/test-report build/report $(ARGS)

fuzz: setup ## damaged files for every reader, for SECONDS=60 from SEED=1 on; READER=name takes one
	@$(SWIFT) build -c release --product fuzz
	@.build/release/fuzz --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1) $(if $(READER),--reader $(READER)) $(ARGS)

torture: build ## kills a training 200 times and compares what it ends with, fills the disk, two processes on one folder
	@scripts/torture

gpu-bundle: setup ## build/gpu-bundle, which runs on a machine with an NVIDIA GPU and PyTorch, without Swift; DATA='folders' go with it
	@scripts/gpu-bundle build/gpu-bundle $(DATA)

clean: ## removes what was built and fetched into this folder; results/ and the cache stay
	rm -rf .build .build-* .deps build data
