.PHONY: run run-lambda check test lint bench fuzz mutants picture build deb deploy

ARCH ?= $(shell uname -m)
ENV ?= dev
# The integration test suites that need no program beyond a standard Linux.
RUST_TESTS := authorizer connections doctor events exchange fetch_msal gate house keys logs network program sessions sites standards windows
FUZZ_TARGETS ?= form token documents expression sql_filter xml request

run: ## run the whole service on localhost
	infra/local/page/fetch-msal && cargo run --locked

run-lambda: ## run the functions as on AWS, on localhost, with AWS emulated
	cargo run --locked -p pozi-tests --bin run-lambda

check: ## check the format and lints, and run the tests that need only Rust
	cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && cargo test --locked --workspace --lib $(addprefix --test ,$(RUST_TESTS)) -- --skip upstream::processes::tests

test: ## run all tests
	tests/tools/test --locked --workspace

lint: ## check format, lints, documentation, dependencies, workflows, spelling
	cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet && cargo deny --locked --log-level error check bans licenses sources && cargo metadata --locked --format-version 1 --manifest-path tests/fuzz/Cargo.toml > /dev/null && tests/tools/lint

bench: ## measure what docs/performance.md tells, beside named peers, and print its table; PART=http: one benchmark alone
	cargo build --locked --release -p pozi-local -p pozi-gate && cargo bench --locked -p pozi-tests $(addprefix --bench ,$(PART)) && cargo bench --locked -p pozi-tests --bench table

fuzz: ## run each fuzz target for a minute; findings are kept in tests/fuzz/artifacts
	cd tests/fuzz && mkdir -p artifacts && for target in $(FUZZ_TARGETS); do mkdir -p ../../target/fuzz/corpus/$$target && cargo run --locked --release --bin $$target -- -max_total_time=60 -max_len=8192 -artifact_prefix=artifacts/ ../../target/fuzz/corpus/$$target || exit 1; done

mutants: ## change the deciding code in one place at a time, and list the changes that no test notices; takes hours
	tests/tools/mutants

picture: ## take the README's picture of the page again, with a real browser
	cargo test --locked -p pozi-tests --test browser -- --ignored picture

build: ## build the functions for AWS Lambda into target/lambda; ARCH=arm64 or x86_64, by default this machine's
	infra/build $(ARCH)

deb: ## build the gate's Debian package, target/debian/pozi-gate.deb
	infra/gate/package

deploy: build ## deploy the service to AWS; ENV=dev, staging or production
	SAM_CLI_TELEMETRY=0 $$(python3 tests/tools/install.py tests/tools/requirements.txt target/tools/venv)/sam deploy --config-env $(ENV)
