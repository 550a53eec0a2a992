//! The fields of a form without files: `name=world&times=3`.

use actix_web::http::StatusCode;
use bytes::Bytes;
use percent_encoding::percent_decode;
use playhouse_actors::{Form, Part};

use super::bad;
use super::multipart::PARTS_MAX;
use crate::gateway::problem::Problem;

/// Reads a form.
pub(super) fn parse(body: &[u8]) -> Result<Form, Problem> {
    if body.trim_ascii_start().starts_with(b"{") {
        return Err(looks_like_json());
    }
    let fields = body.split(|&byte| byte == b'&').filter(|field| !field.is_empty());
    let mut parts = Vec::new();
    for field in fields {
        if parts.len() == PARTS_MAX {
            return Err(bad(format!("the form has more than {PARTS_MAX} fields")));
        }
        let equals = field.iter().position(|&byte| byte == b'=').unwrap_or(field.len());
        let (name, text) = (decoded(&field[..equals]), decoded(field.get(equals + 1..).unwrap_or_default()));
        let name = String::from_utf8(name).map_err(|_| bad("the name of a field of the form is not UTF-8"))?;
        parts.push(Part::text(name, Bytes::from(text)));
    }
    Ok(Form(parts))
}

fn decoded(field: &[u8]) -> Vec<u8> {
    let spaces: Vec<u8> = field.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaces).collect()
}

/// What curl makes of `-d '{..}'` when it is told nothing else.
fn looks_like_json() -> Problem {
    let message = "the body looks like JSON, but its content-type says that it is a form: expected application/json; \
                   with curl: -H 'content-type: application/json'";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once() {
        let form = parse(b"a=1&b=x+y%2B%2525&&c&%C3%BC=%C3%BC").unwrap();
        let expected = [("a", "1"), ("b", "x y+%25"), ("c", ""), ("ü", "ü")];
        assert_eq!(form, Form(expected.map(|(name, text)| Part::text(name, text)).to_vec()));
    }

    #[test]
    fn what_is_no_form_is_told() {
        assert_eq!(parse(b"{\"text\": 1}").unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let many = "a=1&".repeat(PARTS_MAX + 1);
        assert!(parse(many.as_bytes()).unwrap_err().message().contains("more than 1000 fields"));
        assert!(parse(b"%ff=1").unwrap_err().message().contains("not UTF-8"));
    }
}
