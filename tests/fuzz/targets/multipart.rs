//! Bodies read as forms with files; the boundary is `xx`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| playhouse::multipart_survives(body));
