//! Bytes on a connection between processes: frames, the beginning of one, or one error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playhouse_cluster::wire::properties::any_bytes_are_read_or_refused;

fuzz_target!(|bytes: &[u8]| any_bytes_are_read_or_refused(bytes));
