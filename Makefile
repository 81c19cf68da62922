# Two commands do all the set-up: make demo, make test.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TEMPORAL_CLI := github.com/temporalio/cli/cmd/temporal@v1.5.1
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
WORKFLOWCHECK := go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
STATE ?= var/dev
OUT ?=
DURATION ?= 10m
SEED ?= 1
IMAGES ?=
TRAIN ?=
SET ?=
BETA ?= 0.3
FUZZTIME ?= 1m
VERSION ?= v1

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## draw a catalogue, import it, search it, stop; IMAGES=dir takes your own pictures, KEEP=1 leaves it running
	@bin/demo --bin bin --state var/demo --images "$(IMAGES)" $(if $(KEEP),--keep)

.PHONY: dev
dev: build ## start Temporal with its web UI, the object store and a worker; STATE=dir keeps their files, IMAGES=dir puts pictures into the store
	@bin/dev --bin bin --state "$(STATE)" --images "$(IMAGES)"

.PHONY: test
test: check unit e2e ## everything below: formatting, static checks, unit and workflow tests with -race, end to end with 45 s of torture

.PHONY: check
check: deps ## formatting, vet, static checks, the builds without cgo
	@test -z "$$(gofmt -l .)" || { echo "not formatted, run gofmt -w:"; gofmt -l .; exit 1; }
	go vet ./...
	CGO_ENABLED=0 go build -o /dev/null ./starter && CGO_ENABLED=0 go build ./workflows/...
	go run $(STATICCHECK) ./...
	go run $(WORKFLOWCHECK) ./workflows/...

.PHONY: unit
unit: deps ## unit, property and workflow tests, with the race detector
	go test -race -timeout 20m $$(go list ./... | grep -v /testsuite/endtoend)

.PHONY: e2e
e2e: build ## the whole system out of real processes, some of which get killed, then 45 s of torture
	go test -count=1 -timeout 30m ./testsuite/endtoend/...
	@bin/torture --bin bin --state var/torture-short --duration 45s --seed 1 --lines 6000

.PHONY: torture
torture: build ## fail everything at any moment and judge each task; DURATION=10m, SEED=1, OUT=file writes JSON
	@bin/torture --bin bin --duration "$(DURATION)" --seed "$(SEED)" --out "$(OUT)"

.PHONY: record
record: build ## record the histories that the replay test holds workflows against; VERSION= is part of their names, and what is there stays
	@bin/record --bin bin --version "$(VERSION)"

# A failure that is "context deadline exceeded" and saves no input is the Go tool's
# own, up to Go 1.26: https://go.dev/issue/75804.
.PHONY: fuzz
fuzz: deps ## a minute of fuzzing for each target; FUZZTIME=2s only starts them
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./workflows/manifest
	go test -run '^$$' -fuzz FuzzScanner -fuzztime $(FUZZTIME) ./workflows/manifest
	go test -run '^$$' -fuzz FuzzMayDelete -fuzztime $(FUZZTIME) ./workflows/manifest
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./workflows/filter
	go test -run '^$$' -fuzz FuzzOpen -fuzztime $(FUZZTIME) ./activities/imaging

.PHONY: bench
bench: build ## measure the system against its parts; IMAGES=dir takes your own pictures, OUT=file writes JSON
	@bin/bench --bin bin --images "$(IMAGES)" --out "$(OUT)"

.PHONY: quality
quality: deps ## measure the search on photos; IMAGES=dir has one folder a category, OUT=file writes JSON
	@go run ./testsuite/cmd/quality --images "$(IMAGES)" --out "$(OUT)"

.PHONY: descriptor
descriptor: deps ## learn the descriptor's table anew; TRAIN=dir has one folder of photos a category, SET= names them, SEED=, BETA=
	@go run ./testsuite/cmd/descriptor --train "$(TRAIN)" --set "$(SET)" --seed "$(SEED)" --beta "$(BETA)"

.PHONY: drill
drill: build ## measure what faults cost: poisoned pictures, a suspension, rolling restarts; IMAGES=dir, OUT=file
	@bin/drill --bin bin --images "$(IMAGES)" --out "$(OUT)"

.PHONY: build
build: deps bin/temporal ## build every program into bin
	@mkdir -p bin
	go build -o bin ./worker ./testsuite/cmd/...
	CGO_ENABLED=0 go build -o bin/starter ./starter

# The Temporal CLI of this version is built once, about five minutes on two cores.
bin/temporal:
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin go install $(TEMPORAL_CLI)

.PHONY: deps
deps: ## install libvips where it is missing
	@testsuite/deps.sh

.PHONY: clean
clean: ## remove what was built and what the development stacks keep
	rm -rf bin var
