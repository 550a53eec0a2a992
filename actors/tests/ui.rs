//! Every mistake that can be made with `#[service]` has one clear error, at the token at fault.
//!
//! `TRYBUILD=overwrite cargo test -p playhouse-actors --test ui` writes the expected errors anew: read the difference.

#[test]
fn mistakes_have_clear_errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
