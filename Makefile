# Every verb of the project. The work is done by cargo and small programs; this only calls them.

CARGO ?= cargo
MODULE = target/wasm32-wasip1/wasm/warren_filter.wasm
# The module is the same bytes wherever it is built: no path of this machine is in it, and no number drawn while it is built
# (Rhai looks up functions by ahash, which draws its keys then).
WASM_FLAGS = --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src=crates --remap-path-prefix=$(CURDIR)=warren
WASM = CONST_RANDOM_SEED=warren CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="$(WASM_FLAGS)" \
	$(CARGO) build --quiet --locked -p warren-filter --target wasm32-wasip1 --profile wasm && \
	$(CARGO) run --quiet --locked -p warren-trim -- $(MODULE)
ARGS ?=
# How long each of the seventeen targets is fuzzed; all together 85 minutes.
SECONDS ?= 300

PAGE = target/playground-page

.PHONY: help demo build module playground test-playground test test-full fuzz bench profile lint deny sbom reproducible fmt

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Watch real queries go through a real Envoy (ARGS=--check: ask, compare, stop)
	@$(CARGO) run --quiet --locked -p warren-tests --bin demo -- $(ARGS)

build: ## Build the control service and the filter
	@rustup target list --installed 2>/dev/null | grep -q wasm32-wasip1 || rustup target add wasm32-wasip1
	$(CARGO) build --locked -p warren
	@$(MAKE) --no-print-directory module

module: ## Build the filter alone
	$(WASM)

playground: ## Build the playground: a page in which rules are tried, with the engine in it
	@rustup target list --installed 2>/dev/null | grep -q wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
	$(CARGO) build --locked -p warren-playground --target wasm32-unknown-unknown --profile playground
	$(CARGO) run --quiet --locked -p warren-playground-bundle -- \
		target/wasm32-unknown-unknown/playground/warren_playground.wasm $(PAGE)/engine
	cd rules/playground/web && npm ci --ignore-scripts --no-audit --no-fund --silent && node build.mjs $(CURDIR)/$(PAGE)

test-playground: playground ## The engine in Node, and the page in a headless Chromium (SCREENSHOTS=FOLDER keeps pictures)
	node --test rules/playground/test/*.test.mjs

test: lint deny build test-playground ## What CI runs: lints, unit tests, every case on the real programs, the demo's check
	$(CARGO) test --locked -p warren-rules -p warren-filter -p warren-trim -p warren-playground -p warren -p warren-fuzz
	$(CARGO) build --quiet --locked -p warren-filter --features planted-panic --target wasm32-wasip1 --profile planted
	$(CARGO) test --locked -p warren-tests
	$(MAKE) --no-print-directory demo ARGS=--check

test-full: test reproducible sbom ## All of that, and what takes longer
	$(CARGO) test --locked -p warren-tests --test clients -- --ignored
	$(CARGO) test --locked -p warren-tests --test faults -- --include-ignored

fuzz: ## Look for inputs that break what must hold (SECONDS=300 a target); needs Rust nightly and a C++ compiler
	@command -v cargo-fuzz > /dev/null || $(CARGO) install cargo-fuzz --locked --version 0.13.2
	@rustup toolchain list | grep -q nightly || rustup toolchain install nightly --profile minimal
	@for target in $$($(CARGO) +nightly fuzz list); do \
		mkdir -p fuzz/found/$$target; \
		$(CARGO) +nightly fuzz run --sanitizer none --features libfuzzer $$target fuzz/found/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(SECONDS) -timeout=10 -max_len=65536 -print_final_stats=1 || exit 1; \
	done

bench: ## Speed beside plain Envoy and Trino Gateway, in one run (ARGS=--quick: 3 minutes; ARGS=--help)
	$(CARGO) build --locked --release -p warren --bins --examples
	$(WASM)
	@$(CARGO) run --quiet --locked --release -p warren-tests --bin warren-bench -- $(ARGS)

profile: ## Time of one decision by itself, without Envoy
	$(CARGO) bench --locked -p warren-rules --bench decide

lint: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings

deny: ## Licences, sources and known weaknesses of all that is built in (deny.toml)
	@command -v cargo-deny > /dev/null || $(CARGO) install --quiet --locked --debug cargo-deny --version 0.20.2
	$(CARGO) deny --locked check bans licenses sources
	@if $(CARGO) deny --locked fetch db 2> /dev/null; then $(CARGO) deny --locked check --disable-fetch advisories; \
	else echo "advisories NOT checked: RustSec's database cannot be reached from here"; fi

sbom: ## What is built in, as CycloneDX: target/sbom
	@command -v cargo-cyclonedx > /dev/null || $(CARGO) install --quiet --locked --debug cargo-cyclonedx --version 0.5.9
	@sh .ci/sbom

reproducible: build ## Is the module the same bytes, built in another folder?
	@sh .ci/reproducible $(MODULE)

fmt: ## Format everything
	$(CARGO) fmt --all
