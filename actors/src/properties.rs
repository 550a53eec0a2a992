//! What holds for whatever a stranger sends as arguments: one function for each property, called by proptest in
//! `cargo test` and by the fuzz targets. None of them may panic.

use serde::{Deserialize, Serialize};

use crate::body::{Codec, Encoded};
use crate::bytes::Bytes;
use crate::file::File;
use crate::form::{Form, Part};
use crate::tensor::{Tensor, de};

/// Arguments of every kind that is read in a way of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Arguments {
    text: String,
    maybe: Option<u64>,
    number: f64,
    choice: Choice,
    rows: Vec<(i8, String)>,
    #[serde(deserialize_with = "de::f32")]
    tensor: Tensor,
    any: Tensor,
    bytes: Bytes,
    file: File,
    files: Vec<File>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Choice {
    #[default]
    None,
    One(bool),
    Two {
        x: u8,
    },
}

impl Default for Arguments {
    fn default() -> Self {
        let nothing = || Tensor::scalar(0.0_f32);
        Self {
            text: String::new(),
            maybe: None,
            number: 0.0,
            choice: Choice::None,
            rows: Vec::new(),
            tensor: nothing(),
            any: nothing(),
            bytes: Bytes::default(),
            file: File::default(),
            files: Vec::new(),
        }
    }
}

/// What is read as arguments can be written, and reads as the same again.
pub fn arguments_survive(codec: Codec, body: &[u8]) {
    let body = Encoded::new(codec, body.to_vec());
    let Ok(arguments) = body.decode::<Arguments>() else { return };
    survives(&arguments, codec);
}

/// The same for a form; each line of `text` is a field, `name=text` or `name:file`.
pub fn form_survives(text: &str) {
    let parts = text.lines().filter_map(|line| {
        let (name, rest) = line.split_at_checked(line.find(['=', ':'])?)?;
        let content = rest[1..].to_owned();
        Some(match rest.starts_with('=') {
            true => Part::text(name, content),
            false => Part::file(name, File::new(content.into_bytes()).named(name)),
        })
    });
    let form = Form(parts.collect());
    assert_eq!(Form::of(&Encoded::from(form.clone())), Ok(form.clone()));
    if let Ok(arguments) = form.read::<Arguments>() {
        survives(&arguments, Codec::Json);
    }
}

fn survives(arguments: &Arguments, codec: Codec) {
    // A tensor in base64 may hold what JSON has no numbers for, and an integer one reads as floats.
    let Ok(written) = Encoded::encode(arguments, codec) else { return };
    let again = written.decode::<Arguments>().expect("what was written reads");
    if again.any.dtype() == arguments.any.dtype() {
        assert_eq!(Encoded::encode(&again, codec), Ok(written));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of JSON in any order: nearly documents.
    fn json() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            Just("[[1,2.5],[-3e5,4]]".to_owned()),
            Just("\"aGk=\"".to_owned()),
            Just("{\"data\":\"aGk=\",\"name\":\"a\"}".to_owned()),
            Just("{\"dtype\":\"f32\",\"shape\":[1],\"data\":\"AADAfw==\"}".to_owned()),
            Just("{\"Two\":{\"x\":3}}".to_owned()),
            any::<f64>().prop_map(|number| number.to_string()),
            "[\\[\\]{},:\"0-9a-z\\\\]{0,12}",
        ];
        let name = "(text|maybe|number|choice|rows|tensor|any|bytes|file|files|other)";
        prop::collection::vec((name, value), 0..5).prop_map(|fields| {
            let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        })
    }

    proptest! {
        #[test]
        fn json_survives(body in json()) {
            arguments_survive(Codec::Json, body.as_bytes());
        }

        #[test]
        fn message_pack_survives(body: Vec<u8>) {
            arguments_survive(Codec::Msgpack, &body);
        }

        #[test]
        fn forms_survive(fields in prop::collection::vec(("(text|maybe|rows|any|file|files)", "[=:]", json()), 0..5)) {
            let lines: Vec<_> = fields.into_iter().map(|(name, mark, value)| format!("{name}{mark}{value}")).collect();
            form_survives(&lines.join("\n"));
        }
    }
}
