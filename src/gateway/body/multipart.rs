//! A form with files: `multipart/form-data`, RFC 7578.
//!
//! The body is read as a whole, within its limit, and cut into slices of itself: no part is copied. (The parsers there
//! are want a stream that can change threads, which actix's is not, and copy what they are given.)

use std::borrow::Cow;
use std::str;

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use memchr::memmem::Finder;
use percent_encoding::percent_decode;
use playhouse_actors::{File, Form, Part, PartValue};

use super::bad;
use super::parameters::{essence, parameter};
use crate::gateway::problem::Problem;

/// How many parts a form may have. Each costs a few hundred bytes beside its own; a page of a document is a part.
pub(super) const PARTS_MAX: usize = 1000;

/// How long the headers of a part may be, in bytes. They are a name, a file's name and a type.
const HEADERS_MAX: usize = 8 << 10;

/// How many headers a part may have.
const HEADERS_COUNT_MAX: usize = 16;

/// RFC 2046 allows no longer one.
const BOUNDARY_MAX: usize = 70;

/// What stands between the parts, from the type of the body.
pub(super) fn boundary(content_type: &HeaderValue) -> Result<Vec<u8>, Problem> {
    let boundary = parameter(content_type.as_bytes(), "boundary").unwrap_or_default();
    if boundary.is_empty() || boundary.len() > BOUNDARY_MAX {
        let message = format!("content-type {content_type:?} needs a boundary of 1 to {BOUNDARY_MAX} characters");
        return Err(bad(message));
    }
    Ok([b"\r\n--", &*boundary].concat())
}

/// Cuts a body into its parts; `delimiter` is what [`boundary`] gives.
pub(super) fn parse(delimiter: &[u8], body: &Bytes) -> Result<Form, Problem> {
    let finder = Finder::new(delimiter);
    let mut at = first(&finder, delimiter, body)?;
    let mut parts = Vec::new();
    while let Some(start) = after_delimiter(body, at)? {
        if parts.len() == PARTS_MAX {
            return Err(bad(format!("the form has more than {PARTS_MAX} parts")));
        }
        let (head, start) = Head::read(body, start)?;
        let Some(length) = finder.find(&body[start..]) else { return Err(cut_short(Some(&head.name))) };
        parts.extend(head.into_part(body.slice(start..start + length)));
        at = start + length + delimiter.len();
    }
    Ok(Form(parts))
}

/// The end of the first delimiter, which needs no line before it.
fn first(finder: &Finder<'_>, delimiter: &[u8], body: &[u8]) -> Result<usize, Problem> {
    let bare = &delimiter[2..];
    if body.starts_with(bare) {
        return Ok(bare.len());
    }
    finder.find(body).map(|at| at + delimiter.len()).ok_or_else(|| match body.is_empty() {
        true => bad("the form is empty: not even its boundary is there"),
        false => bad("the form does not begin with the boundary that its content-type names"),
    })
}

/// The start of the part that follows a delimiter; `None` at the end of the form.
fn after_delimiter(body: &[u8], at: usize) -> Result<Option<usize>, Problem> {
    let rest = &body[at..];
    if rest.starts_with(b"--") {
        return Ok(None);
    }
    let padding = rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    match &rest[padding..] {
        [b'\r', b'\n', ..] => Ok(Some(at + padding + 2)),
        [] | [b'\r'] => Err(cut_short(None)),
        _ => Err(bad("the boundary of the form is followed by something else than a new line")),
    }
}

/// What the headers of a part say.
struct Head {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Head {
    /// Reads the headers at `start`; gives where they end.
    fn read(body: &[u8], start: usize) -> Result<(Self, usize), Problem> {
        let window = &body[start..body.len().min(start + HEADERS_MAX)];
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_COUNT_MAX];
        let (length, headers) = match httparse::parse_headers(window, &mut headers) {
            Ok(httparse::Status::Complete(complete)) => complete,
            Ok(httparse::Status::Partial) if window.len() < HEADERS_MAX => return Err(cut_short(None)),
            Ok(httparse::Status::Partial) => {
                return Err(bad(format!("the headers of a part of the form are longer than {HEADERS_MAX} bytes")));
            }
            Err(error) => return Err(bad(format!("the headers of a part of the form cannot be read: {error}"))),
        };
        let value =
            |name| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value);
        let Some(disposition) = value("content-disposition") else {
            return Err(bad("a part of the form has no content-disposition, and with it no name"));
        };
        let name = match extended(disposition, "name*") {
            Some(name) => name,
            None => {
                let name = parameter(disposition, "name").ok_or_else(|| bad("a part of the form has no name"))?;
                utf8(name).ok_or_else(|| bad("the name of a part of the form is not UTF-8"))?
            }
        };
        let content_type = value("content-type").and_then(|value| str::from_utf8(value).ok()).map(str::to_owned);
        Ok((Self { name, file_name: file_name(disposition), content_type }, start + length))
    }

    /// The part with this content; `None` for the file that nobody chose in a form of a page.
    fn into_part(self, content: Bytes) -> Option<Part> {
        let Self { name, file_name, content_type } = self;
        if file_name.as_deref() == Some("") && content.is_empty() {
            return None;
        }
        let is_text = content_type.as_deref().is_none_or(is_text);
        let value = if file_name.is_none() && is_text {
            PartValue::Text(content)
        } else {
            PartValue::File(File { name: file_name, content_type, data: content.into() })
        };
        Some(Part { name, value })
    }
}

/// The name of a file: `filename*`, which says how it is encoded, or `filename`.
fn file_name(disposition: &[u8]) -> Option<String> {
    let plain = || parameter(disposition, "filename").map(|name| String::from_utf8_lossy(&name).into_owned());
    extended(disposition, "filename*").or_else(plain)
}

/// A parameter in the encoding of RFC 5987. For names the RFC of forms has it no more, and clients in Rust do.
fn extended(disposition: &[u8], name: &str) -> Option<String> {
    let value = parameter(disposition, name)?;
    let text = value.strip_prefix(b"UTF-8''").or_else(|| value.strip_prefix(b"utf-8''"))?;
    String::from_utf8(percent_decode(text).collect()).ok()
}

/// Whether a part without a file's name is a field even so: some clients give texts and JSON a type.
fn is_text(content_type: &str) -> bool {
    let essence = essence(content_type.as_bytes()).to_ascii_lowercase();
    essence.starts_with(b"text/") || essence == b"application/json"
}

fn utf8(bytes: Cow<'_, [u8]>) -> Option<String> {
    String::from_utf8(bytes.into_owned()).ok()
}

fn cut_short(part: Option<&str>) -> Problem {
    let part = part.map(|name| format!(" in its part {name:?}")).unwrap_or_default();
    bad(format!("the form is cut short{part}: it does not end with its boundary"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Result<Form, String> {
        parse(b"\r\n--xx", &Bytes::from(body.to_owned())).map_err(|problem| problem.message().to_owned())
    }

    #[test]
    fn texts_and_files_are_told_apart() {
        let body = concat!(
            "preamble\r\n--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\nthere",
            "\r\n--xx \t\r\ncontent-disposition: form-data; name=\"json\"\r\ncontent-type: application/json\r\n\r\n[1]",
            "\r\n--xx\r\ncontent-disposition: form-data; name=\"image\"; filename=\"cat.png\"; filename*=UTF-8''c%C3%A4t.png\r\n",
            "content-type: image/png\r\n\r\n--x\r\n-",
            "\r\n--xx\r\ncontent-disposition: form-data; name=\"blob\"\r\ncontent-type: image/png\r\n\r\n",
            "\r\n--xx\r\ncontent-disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n",
            "\r\n--xx--\r\nepilogue",
        );
        let expected = Form(vec![
            Part::text("text", "hello\r\nthere"),
            Part::text("json", "[1]"),
            Part::file("image", File::new("--x\r\n-").named("cät.png").of_type("image/png")),
            Part::file("blob", File::new("").of_type("image/png")),
        ]);
        assert_eq!(parsed(body), Ok(expected));
        assert_eq!(parsed("--xx--"), Ok(Form::default()));
    }

    #[test]
    fn what_is_no_form_is_told() {
        let long = format!("--xx\r\ncontent-disposition: form-data; name=\"{}\"", "a".repeat(HEADERS_MAX));
        let part = "\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\r\n--xx";
        let many = format!("--xx{}--", part.repeat(PARTS_MAX + 1));
        let table = [
            ("", "the form is empty"),
            ("hello", "does not begin with the boundary"),
            ("--xxx\r\n", "followed by something else"),
            ("--xx", "is cut short"),
            ("--xx\r", "is cut short"),
            ("--xx\r\ncontent-disp", "is cut short"),
            ("--xx\r\n\r\nhello\r\n--xx--", "no content-disposition"),
            ("--xx\r\ncontent-disposition: form-data\r\n\r\n\r\n--xx--", "has no name"),
            ("--xx\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--x", "cut short in its part \"a\""),
            ("--xx\r\n: a\r\n\r\n", "cannot be read: invalid header name"),
            (&long, "longer than 8192 bytes"),
            (&many, "more than 1000 parts"),
        ];
        for (body, expected) in table {
            let told = parsed(body).unwrap_err();
            assert!(told.contains(expected), "{told:?} should say {expected:?}");
        }
    }

    #[test]
    fn the_boundary_is_in_the_type() {
        let of = |value: &str| boundary(&HeaderValue::from_str(value).unwrap());
        assert_eq!(of("multipart/form-data; boundary=\"x y\"").unwrap(), b"\r\n--x y");
        for value in ["multipart/form-data", "multipart/form-data; boundary=", &format!("a; boundary={:a<71}", "")] {
            assert!(of(value).unwrap_err().message().contains("needs a boundary"), "{value}");
        }
    }
}
