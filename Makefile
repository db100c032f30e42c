# orderwire. Every target does its own set-up, needs no root, and writes only under build/ and Go's caches.
# Say `make` to see the targets.

# ---- Versions of the tools, and of Go: the only place where they stand.
GO_MINOR_MIN := 26
GOFUMPT      := mvdan.cc/gofumpt@v0.12.0
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# ---- Things to set on the command line.
FUZZTIME  ?= 30s
BENCHTIME ?= 200ms
DEMOFLAGS ?=

GO    ?= go
BUILD := build
ROOMS := runtime netpoll tlsio wsproto orders bench tools

# Rooms with kernels in assembly: they are tested once more without it.
KERNEL_ROOMS := $(patsubst %,./%,$(wildcard orders/hmac256 tlsio/record wsproto))
# Rooms without a ring: memory that the kernel writes is invisible to the race detector, so the others would prove nothing.
RACE_ROOMS := $(patsubst %,./%/...,$(wildcard orders tlsio wsproto bench/simex))

# Recordings beside the checkout are found without being told; tests that need them are skipped by name where they are not.
ifeq ($(ORDERWIRE_SHARED),)
ifneq ($(wildcard ../shared/market-data/README.md),)
export ORDERWIRE_SHARED := $(abspath ../shared)
endif
endif

export STATICCHECK_CACHE := $(CURDIR)/$(BUILD)/cache/staticcheck

# A tree that git refuses to read (another owner, no history) must still build.
VCS = $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false)

.DEFAULT_GOAL := help
.PHONY: help build run test check bench fuzz long interop test-giouring profile doctor clean \
	go-there fmt vet staticcheck house purego arm64 race tidy-check
# Steps stand in an order, and two CPUs are soon full: one at a time.
.NOTPARALLEL:

help: ## print this list
	@echo "orderwire: make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

build: go-there ## build build/orderwire and build/bogoshim
	$(GO) build $(VCS) -o $(BUILD)/orderwire ./tools/orderwire
	$(GO) build $(VCS) -o $(BUILD)/bogoshim ./tools/bogoshim

$(BUILD)/orderwire: go-there
	@$(GO) build $(VCS) -o $@ ./tools/orderwire

run: $(BUILD)/orderwire ## build, then play a recorded market against the embedded exchange (DEMOFLAGS=...)
	$(BUILD)/orderwire demo $(DEMOFLAGS)

test: go-there ## run all tests, plain and with ownership checks; skipped ones are counted by name
	@mkdir -p $(BUILD)/test && rm -f $(BUILD)/test/*.skips
	@rc=0; \
	.ci/gotest plain ./... || rc=1; \
	.ci/gotest owcheck -tags owcheck ./... || rc=1; \
	.ci/skips $(BUILD)/test/*.skips; \
	if [ $$rc = 0 ]; then echo "test: passed"; else echo "test: FAILED (logs in $(BUILD)/test)"; fi; exit $$rc

check: go-there fmt vet staticcheck house purego arm64 race tidy-check ## format, vet, staticcheck, house rules, portable builds, race, tidy go.mod
	@echo "check: passed"

fmt: go-there
	@echo "gofumpt"; out=$$($(GO) run $(GOFUMPT) -l $(wildcard $(ROOMS))) || \
		{ echo "check: gofumpt failed (see above); where it is missing, 'go run $(GOFUMPT)' fetches it, which needs the network once."; exit 1; }; \
	if [ -n "$$out" ]; then echo "$$out"; echo "check: not formatted; run '$(GO) run $(GOFUMPT) -w $(ROOMS)'."; exit 1; fi

vet: go-there
	$(GO) vet ./...
	$(GO) vet -tags owcheck ./...

staticcheck: go-there
	@mkdir -p $(STATICCHECK_CACHE)
	@echo "staticcheck"; $(GO) run $(STATICCHECK) ./... || \
		{ echo "check: staticcheck failed (see above); where it is missing, 'go run $(STATICCHECK)' fetches it, which needs the network once."; exit 1; }

house: go-there
	$(GO) test -count=1 ./tools/housecheck

purego: go-there
	$(GO) build -tags purego ./...
	$(GO) vet -tags purego ./...
	@.ci/gotest purego -tags purego $(KERNEL_ROOMS)

arm64: go-there
	GOARCH=arm64 CGO_ENABLED=0 $(GO) build ./...
	GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./...

race: go-there
	@if command -v "$$($(GO) env CC)" >/dev/null; then \
		echo "race: $(RACE_ROOMS)"; CGO_ENABLED=1 GOTEST_TIMEOUT=5m .ci/gotest race -race -short $(RACE_ROOMS); \
	else echo "skipped: race (no C compiler $$($(GO) env CC); get one with 'apt-get install gcc')"; fi

tidy-check: go-there
	$(GO) mod tidy -diff

bench: $(BUILD)/orderwire ## run the benchmarks beside the code, then the scenarios (BENCHTIME=...)
	@mkdir -p $(BUILD)/bench
	@$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -p 1 ./... > $(BUILD)/bench/micro.txt; rc=$$?; \
		grep -v 'no test files' $(BUILD)/bench/micro.txt; exit $$rc
	$(BUILD)/orderwire bench

fuzz: go-there ## fuzz every target for FUZZTIME (30s)
	@.ci/fuzz $(FUZZTIME) $(wildcard $(ROOMS))

long: go-there ## run the long forms of the tests (ORDERWIRE_LONG=1); takes hours
	@mkdir -p $(BUILD)/test; ORDERWIRE_LONG=1 GOTEST_TIMEOUT=12h .ci/gotest long -count=1 -p 1 ./...; rc=$$?; .ci/skips $(BUILD)/test/long.skips; exit $$rc

interop: go-there ## test against the TLS and WebSocket servers found on this machine (ORDERWIRE_INTEROP=1)
	@mkdir -p $(BUILD)/test; ORDERWIRE_INTEROP=1 GOTEST_TIMEOUT=20m .ci/gotest interop -count=1 -run Interop ./...; rc=$$?; .ci/skips $(BUILD)/test/interop.skips; exit $$rc

# giouring links only with this flag; what GOFLAGS already says is kept.
test-giouring: export GOFLAGS = $(shell $(GO) env GOFLAGS) -tags=giouring -ldflags=-checklinkname=0
test-giouring: go-there ## test the giouring backend beside our own ring
	$(GO) vet ./netpoll/... ./runtime/...
	@mkdir -p $(BUILD)/test; .ci/gotest giouring ./netpoll/... ./runtime/...; rc=$$?; .ci/skips $(BUILD)/test/giouring.skips; exit $$rc

profile: go-there ## profile the push benchmarks; the profile lies in build/profile
	@mkdir -p $(BUILD)/profile
	$(GO) test -run '^$$' -bench Push -benchtime 2s -cpuprofile $(BUILD)/profile/push.pprof -o $(BUILD)/profile/runtime.test ./runtime
	$(GO) tool pprof -top -nodecount 25 $(BUILD)/profile/runtime.test $(BUILD)/profile/push.pprof
	@command -v perf >/dev/null || echo "skipped: perf record (no perf; get it with 'apt-get install linux-perf')"

doctor: $(BUILD)/orderwire ## say what keeps this host from being fast
	@$(BUILD)/orderwire doctor; rc=$$?; [ $$rc = 0 ] || [ $$rc = 3 ] # 3: warnings only

clean: ## remove build/
	rm -rf $(BUILD)

go-there:
	@command -v $(GO) >/dev/null || { echo "orderwire needs Go 1.$(GO_MINOR_MIN) or newer, and there is no '$(GO)' here: get it from go.dev/dl."; exit 1; }
	@minor=$$($(GO) env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p'); \
	if [ "$${minor:-$(GO_MINOR_MIN)}" -lt $(GO_MINOR_MIN) ]; then \
		echo "orderwire needs Go 1.$(GO_MINOR_MIN) or newer, and '$(GO)' is $$($(GO) env GOVERSION): get it from go.dev/dl."; exit 1; fi
