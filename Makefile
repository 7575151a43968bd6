SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
PYTHON ?= python3
FUZZTIME ?= 10s
GOLANGCI_LINT_VERSION := v2.15.0

TOOL := $(GO) tool -modfile=tools/go.mod
# Runs a command with one DynamoDB Local for all that it starts, unless
# DYNAMODB_LOCAL_ENDPOINT names one.
WITH_DYNAMODB := bin/ddblocal --
SERVER := bin/mlflow-dynamodbstore
MLFLOW_VERSION := 3.18.0
UI := build/ui
# Where `make run` listens.
HOST ?= 127.0.0.1
PORT ?= 5000
VENV := .venv
OLD_CLIENTS := 2.22.5 3.17.2

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the server as a static binary, bin/mlflow-dynamodbstore
	@echo "Compiling $(SERVER): a minute or two the first time, seconds later." >&2
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o $(SERVER) ./cmd/mlflow-dynamodbstore

.PHONY: run
run: build ## Serve on HOST (127.0.0.1) and PORT (5000) with data in ./mlflow-table and ./mlartifacts; needs no AWS account
	@$(MAKE) --no-print-directory ui || echo "The web UI is missing: $(PYTHON) with pip could not fetch it." >&2
	$(SERVER) server --host $(HOST) --port $(PORT) --backend-store-uri local:./mlflow-table --artifacts-destination ./mlartifacts \
		$$(if [[ -f $(UI)/index.html ]]; then echo --ui-dir $(UI); fi)

.PHONY: ui
ui: $(UI)/$(MLFLOW_VERSION) ## Fetch the files of MLflow's web UI into build/ui, once; needs Python with pip

# The stamp has the version, so that another one is fetched anew.
$(UI)/$(MLFLOW_VERSION):
	$(PYTHON) tools/ui $(MLFLOW_VERSION) $(UI)

.PHONY: ddblocal
ddblocal: # Runs commands with DynamoDB Local, which Maven fetches the first time
	@echo "Compiling bin/ddblocal." >&2
	$(GO) build -o bin/ddblocal ./internal/table/ddblocal/cmd/ddblocal

.PHONY: s3local
s3local: # Runs an S3 server, which Go builds the first time
	@echo "Compiling bin/s3local and its S3 server: a minute the first time." >&2
	$(GO) build -o bin/s3local ./internal/s3local/cmd/s3local
	bin/s3local -build

.PHONY: test
test: test-race test-every-call ## Run all Go tests with the race detector, on the embedded table and on DynamoDB Local

.PHONY: test-race
test-race: ddblocal s3local
	$(WITH_DYNAMODB) $(TOOL) gotestsum --format pkgname -- -race -timeout 40m ./...

# The tests that stop operations at their calls try some, from some states, with
# the race detector, and here, without it, all.
.PHONY: test-every-call
test-every-call: ddblocal
	SWEEP_EVERY_CALL=1 $(WITH_DYNAMODB) $(TOOL) gotestsum --format pkgname -- -timeout 20m -run '^Test(Stop|Failed|Faulty|Interleave)' .

# What clients, servers and browser leave in the temporary directory goes with
# the tests; after a failure it stays, for the logs in it.
.PHONY: e2e
e2e: build ddblocal s3local ui $(VENV)/ok $(OLD_CLIENTS:%=build/clients/%/ok) ## Run the Python client and a browser against this server, and compare with MLflow's own; needs Chromium
	scratch=$$(mktemp -d "$${TMPDIR:-/tmp}/mlflow-e2e.XXXXXX"); \
	TMPDIR=$$scratch $(WITH_DYNAMODB) $(VENV)/bin/python -m pytest -n 2 --dist loadfile e2e; \
	rm -rf "$$scratch"

# MLflow's package comes without its two parts of the same version, which it
# holds itself; their dependencies come with those of the version before.
$(VENV)/ok: e2e/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r e2e/requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps mlflow==$(MLFLOW_VERSION)
	touch $@

# Clients of older versions, without the libraries that only models need.
build/clients/%/ok:
	$(PYTHON) -m venv build/clients/$*
	build/clients/$*/bin/python -m pip install --quiet --disable-pip-version-check mlflow-skinny==$*
	touch $@

.PHONY: fuzz
fuzz: ddblocal ## Fuzz each target for FUZZTIME (10s)
	$(WITH_DYNAMODB) tools/fuzz $(FUZZTIME)

.PHONY: bench
bench: ddblocal ## Run the Go benchmarks, with request units beside times
	$(WITH_DYNAMODB) $(GO) test -run '^$$' -bench . -benchmem ./...

# The budget tests measure; the documents are made from what they wrote.
.PHONY: units
units: ddblocal ## Write what operations cost to testdata/units.json and into the documents; minutes
	$(WITH_DYNAMODB) $(GO) test -run 'Budgets$$' . -update-units
	$(GO) generate .

.PHONY: bench-servers
bench-servers: ## Compare CPU per operation with other servers; takes a quarter of an hour
	bench/compare.sh

.PHONY: bench-scale
bench-scale: ddblocal ## Measure searches of up to 100,000 runs, write docs/benchmarks-scale.md; fails if a figure is missed; 20 minutes
	$(WITH_DYNAMODB) $(GO) run ./bench/scale -out docs/benchmarks-scale.md

.PHONY: cover
cover: ddblocal s3local ## Measure the coverage of all packages by all tests
	mkdir -p build
	$(WITH_DYNAMODB) $(GO) test -coverpkg=./... -coverprofile=build/coverage.out ./...
	$(GO) tool cover -func=build/coverage.out | tail -n 1

.PHONY: lint
lint: bin/golangci-lint-$(GOLANGCI_LINT_VERSION) ## Check the code with go vet, golangci-lint and gofumpt
	$(GO) vet ./...
	$< run ./...
	@unformatted=$$($(TOOL) gofumpt -l $$(git ls-files '*.go' ':!bench/mlbench')); \
	if [[ -n $$unformatted ]]; then printf 'not formatted, run make fmt:\n%s\n' "$$unformatted"; exit 1; fi

# The linter is no tool of tools/go.mod, so that its analyzers keep their own
# dependency versions.
bin/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

.PHONY: fmt
fmt: bin/golangci-lint-$(GOLANGCI_LINT_VERSION) ## Format the code
	$< fmt ./...

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what the code calls
	$(TOOL) govulncheck ./...

.PHONY: verify
verify: ## Fail if go.mod is not tidy or a file is not as its generator writes it
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff
	$(GO) generate ./...
	git diff --exit-code

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf bin build $(VENV) mlflow-table mlartifacts
