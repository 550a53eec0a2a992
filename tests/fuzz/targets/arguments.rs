//! Bodies read as arguments: JSON, MessagePack, or the fields of a form, by the first byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use playhouse::Codec;
use playhouse::properties::{arguments_survive, form_survives};

fuzz_target!(|body: &[u8]| match body {
    [b'm', body @ ..] => arguments_survive(Codec::Msgpack, body),
    [b'f', body @ ..] => form_survives(&String::from_utf8_lossy(body)),
    body => arguments_survive(Codec::Json, body),
});
