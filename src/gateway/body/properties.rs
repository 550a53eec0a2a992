//! What holds for whatever a stranger sends as a form with files: called by proptest in `cargo test` and by a fuzz target.

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use playhouse_actors::{Form, PartValue};

use super::multipart::parse;

const DELIMITER: &[u8] = b"\r\n--xx";

/// What is read as a form is no more than its body held; written by another hand it reads as the same again. The boundary
/// is `xx`.
pub fn multipart_survives(body: &[u8]) {
    let Ok(form) = parse(DELIMITER, &Bytes::copy_from_slice(body)) else { return };
    let total: usize = form.0.iter().map(|part| content(&part.value).len()).sum();
    assert!(total <= body.len());
    let again = parse(DELIMITER, &written(&form).into()).expect("what was written reads");
    assert_eq!(again, form);
}

fn content(value: &PartValue) -> &[u8] {
    match value {
        PartValue::Text(text) => text,
        PartValue::File(file) => &file.data,
    }
}

fn written(form: &Form) -> Vec<u8> {
    let mut body = Vec::new();
    for part in &form.0 {
        let quoted = part.name.replace('\\', "\\\\").replace('"', "\\\"");
        let mut head = format!("--xx\r\ncontent-disposition: form-data; name=\"{quoted}\"");
        if let PartValue::File(file) = &part.value {
            if let Some(name) = &file.name {
                head += &format!("; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
            }
            if let Some(content_type) = &file.content_type {
                head += &format!("\r\ncontent-type: {content_type}");
            }
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content(&part.value));
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xx--");
    body
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_survive(parts in prop::collection::vec(
            ("(a|\"b\"|; filename=\"c\"|; filename\\*=UTF-8''%C3%BC|\\\\|\r\ncontent-type: (text|image)/x){0,4}", any::<Vec<u8>>()),
            0..5,
        )) {
            let mut body = Vec::new();
            for (head, content) in parts {
                body.extend_from_slice(format!("--xx\r\ncontent-disposition: form-data; name=a{head}\r\n\r\n").as_bytes());
                body.extend_from_slice(&content);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"--xx--");
            multipart_survives(&body);
        }

        #[test]
        fn anything_is_answered(body in "(--xx|\r\n|content-disposition: form-data; name=|\"a\"|;|-|:| |[a-z]){0,30}") {
            multipart_survives(body.as_bytes());
        }
    }
}
