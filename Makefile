.PHONY: run test lint bench

run: ## the whole service on localhost
	cargo run --locked

test: ## everything that must hold
	cargo test --locked --workspace

lint: ## what a machine can say about the code
	cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet && cargo deny --locked --log-level error check bans licenses sources

bench: ## how much the exchange costs beside its bare cryptography
	cargo bench --locked -p pozi-tests
