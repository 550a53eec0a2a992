# What one does here. Nothing of it is needed to build or to test.

# Everything that a change must pass.
test *NAMES:
    tests/run {{NAMES}}

# The quick part of it; edits nothing.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-features --all-targets -- -D warnings

# Whole nodes in a simulated network: so many simulations, from this seed on.
sim SEEDS="200" SEED="1":
    PLAYHOUSE_SEEDS={{SEEDS}} PLAYHOUSE_SEED={{SEED}} cargo test -p playhouse-cluster --all-features --test simulation

# The core beside raw actix, and its decisions.
bench:
    cargo bench -p playhouse-actors --bench call
    cargo bench -p playhouse-actors --bench decisions

# Calls between two processes beside a bare echo, tonic, tarpc and velo; needs two cores and taskset.
bench-rpc:
    benches/rpc/run --rivals

# The gateway beside a hand-written actix-web server and rivals from PyPI; needs wrk.
bench-http:
    benches/http/run --rivals

# Real processes killed, stopped, hung and cut off under load; cutting networks needs root, iproute2 and nftables.
chaos *NAMES:
    cargo test -p playhouse-cluster --all-features --test chaos -- {{NAMES}}

# 10,000 calls in flight over 1,000 connections between two processes, and what they take in memory.
crowd:
    PLAYHOUSE_CROWD="1000 10000" cargo test -p playhouse-cluster --all-features --test chaos -- crowd

# What strangers can send, tried at random; needs cargo-fuzz.
fuzz *ARGS:
    tests/fuzz/run {{ARGS}}

# The messages of compile-fail tests, after a change of the macro; read the diff.
ui:
    TRYBUILD=overwrite cargo test -p playhouse-actors --test ui

doc:
    cargo doc --workspace --all-features --no-deps --open
