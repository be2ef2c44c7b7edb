.PHONY: run run-lambda check test lint bench fuzz picture build deb deploy

ARCH ?= $(shell uname -m)
ENV ?= dev
# The suites of tests beside the crates' own that start no program but what every Linux has.
RUST_TESTS := authorizer connections events exchange gate house keys logs network program sessions sites standards windows
FUZZ_TARGETS ?= form token documents expression sql_filter xml request

run: ## the whole service on localhost
	infra/local/page/fetch-msal && cargo run --locked

run-lambda: ## the functions as on AWS, on localhost, with AWS emulated
	cargo run --locked -p pozi-tests --bin run-lambda

check: ## the inner loop: format, lints, and the tests that need nothing but Rust
	cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && cargo test --locked --workspace --lib $(addprefix --test ,$(RUST_TESTS)) -- --skip upstream::processes::tests

test: ## everything that must hold
	tests/tools/test --locked --workspace

lint: ## format, lints, documentation, dependencies, workflows, spelling
	cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet && cargo deny --locked --log-level error check bans licenses sources && cargo metadata --locked --format-version 1 --manifest-path tests/fuzz/Cargo.toml > /dev/null && tests/tools/lint

bench: ## what the exchange, the gate and the authorizer cost beside bare cryptography, and the gate beside nginx
	cargo build --locked --profile gate -p pozi-gate && cargo bench --locked -p pozi-tests

fuzz: ## each fuzz target for a minute; what it finds stays in tests/fuzz/artifacts
	cd tests/fuzz && mkdir -p artifacts && for target in $(FUZZ_TARGETS); do mkdir -p ../../target/fuzz/corpus/$$target && cargo run --locked --release --bin $$target -- -max_total_time=60 -max_len=8192 -artifact_prefix=artifacts/ ../../target/fuzz/corpus/$$target || exit 1; done

picture: ## the picture of the page in the README, by a real browser
	cargo test --locked -p pozi-tests --test browser -- --ignored picture

build: ## the functions for AWS Lambda, in target/lambda; ARCH=arm64 or x86_64, this machine's when left out
	infra/build $(ARCH)

deb: ## the gate's package for Debian, target/debian/pozi-gate.deb
	infra/gate/package

deploy: build ## the service on AWS; ENV=dev, staging or production
	SAM_CLI_TELEMETRY=0 $$(python3 tests/tools/install.py tests/tools/requirements.txt target/tools/venv)/sam deploy --config-env $(ENV)
