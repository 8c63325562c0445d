# make demo    the main job, with Go alone
# make test    everything CI runs; installs what it needs when root
# make bench   the numbers of the README, with their baselines in the same run
# make help    the rest

GO ?= go
ARM64_EXEC = qemu-aarch64-static -L /usr/aarch64-linux-gnu
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Packages that run C code on linux/arm64 too.
ARM64_PACKAGES = . ./dtype ./memory ./guestabi ./host ./native ./wasmffitest
SANDBOX_PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 darwin/amd64 windows/amd64 freebsd/amd64 js/wasm wasip1/wasm
NATIVE_PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 darwin/amd64 windows/amd64
FREEBSD_FLAGS = -gcflags=github.com/ebitengine/purego/internal/fakecgo=-std

.PHONY: help demo setup test lint unit race nocgo arm64 windows cross static clean-tree bench generate wasm fuzz bulk stress

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo 'make unit      the tests that Go and a C compiler are enough for, and what they left out'
	@echo 'make generate  regenerate what is generated'
	@echo 'make wasm      rebuild the committed .wasm files from their C'
	@echo 'make windows   native calls for windows/amd64, under wine'
	@echo 'make fuzz      every fuzz target, FUZZTIME each (default 30s)'
	@echo 'make stress    callbacks and nested calls, STRESS each (default 60s), with and without -race'
	@echo 'make bulk      the long generators: layouts, signatures, values'

demo:
	$(GO) run ./examples/demo

setup:
	@sh internal/setup/packages.sh

test: setup lint race nocgo arm64 cross static clean-tree

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt would change these files'; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

# Everything that Go and a C compiler are enough for, and what was left out for
# want of more.
unit:
	@out=$$(mktemp) && $(GO) test -v ./... > $$out 2>&1; status=$$?; \
	[ $$status = 0 ] || cat $$out; grep -E '^(ok|FAIL)' $$out; \
	grep -oE '(LEFT OUT|SKIPPED).*' $$out | sort -u; rm -f $$out; exit $$status

# The command and the examples start programs of their own, which the race
# detector does not see: nocgo runs them.
race:
	CGO_ENABLED=1 $(GO) test -race $$($(GO) list ./... | grep -v -e /cmd/ -e /examples)

nocgo:
	CGO_ENABLED=0 $(GO) test ./...

arm64: setup
	CGO_ENABLED=0 GOARCH=arm64 WASMFFI_EXEC="$(ARM64_EXEC)" $(GO) test -exec "$(ARM64_EXEC)" $(ARM64_PACKAGES)

# Every platform the sandbox runs on, with root and host alone, and those that
# native is built for.
cross:
	@for p in $(SANDBOX_PLATFORMS); do \
		echo "build root and host for $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) build -o /dev/null ./internal/sandboxonly || exit 1; \
	done
	@for p in $(NATIVE_PLATFORMS); do \
		echo "build everything for $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) build ./... || exit 1; \
	done
	@echo "build everything for freebsd/amd64"
	@GOOS=freebsd GOARCH=amd64 CGO_ENABLED=0 $(GO) build $(FREEBSD_FLAGS) ./...

# A program that imports root and host only is a static binary.
static:
	@dir=$$(mktemp -d) && CGO_ENABLED=0 $(GO) build -o $$dir/sandboxonly ./internal/sandboxonly && \
	if readelf -l $$dir/sandboxonly | grep -q INTERP; then echo 'root and host link dynamically'; exit 1; fi && \
	$$dir/sandboxonly && rm -r $$dir

generate:
	$(GO) generate ./...

wasm:
	@sh internal/setup/wasm.sh

# What is generated, and the committed .wasm, come out the same again.
clean-tree: generate
	@sh internal/setup/wasm.sh
	@git diff --exit-code --stat || { echo 'regenerating changed these files'; exit 1; }

bench:
	$(GO) test -run '^$$' -bench . -count 3 ./internal/bench | $(GO) run ./internal/bench/ratios

FUZZTIME ?= 30s
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bulk:
	WASMFFI_LAYOUTS=20000 $(GO) test -run Layouts -timeout 60m ./dtype
	WASMFFI_DTYPES=8000 $(GO) test -run AgainstNumPy -timeout 60m ./dtype
	WASMFFI_SIGNATURES=20000 $(GO) test -run GeneratedSignatures -timeout 60m ./native ./host
	WASMFFI_LOWERINGS=5000 $(GO) test -run LoweringAgainstClang -timeout 20m ./native
	WASMFFI_EXHAUSTIVE=1 $(GO) test -run ExhaustiveSignatures -timeout 120m ./native ./host
	WASMFFI_PROTOTYPES=20000 WASMFFI_VARIADICS=20000 $(GO) test -run 'Paramflags|Prototypes' -timeout 60m ./wasmffitest
	WASMFFI_CTYPES=10000 $(GO) test -run CtypesOracle -timeout 60m ./memory
	WASMFFI_CONTRACTS=10000 $(GO) test -run RandomContracts -timeout 20m ./wasmffitest
	WASMFFI_PROGRAMS=10000 $(GO) test -run NumPyPrograms -timeout 60m ./memory
	WASMFFI_MODULES=10000 $(GO) test -run RewrittenBehaviour -timeout 30m ./guestabi
	WASMFFI_STRESS=60s $(GO) test -run FaultStress -timeout 5m ./native

# Callbacks under stress for a minute each, nested calls that end in every way,
# a million callbacks; and the same under the race detector.
STRESS ?= 60s
stress:
	WASMFFI_STRESS=$(STRESS) $(GO) test -run '(Sandbox|Conformance)/(Stress|Reentry|Million)$$|RandomCalls' -timeout 30m ./wasmffitest ./native ./host
	WASMFFI_STRESS=$(STRESS) CGO_ENABLED=1 $(GO) test -race -run '(Sandbox|Conformance)/(Stress|Reentry)$$|RandomCalls' -timeout 30m ./wasmffitest ./native ./host

# Native calls on Windows, as wine has it.
windows:
	@GO="$(GO)" sh internal/setup/windows.sh -test.run Conformance
	@GO="$(GO)" sh internal/setup/windows.sh -test.run 'GeneratedSignatures/.*/scalars'
