export CARGO_HOME=/tmp/cargo
cargo test --offline --locked
cargo build --offline --locked --release
target/release/roman >result
