//! Answers that the HTTP library gives by itself, to what it cannot read as a request: it writes them without a word.

use actix_web::http::StatusCode;

use super::problem::Problem;

/// How an answer of the library ends: it has no body, and says so.
const NO_BODY: &str = "content-length: 0\r\n";

/// No answer of the library is longer.
const LENGTH_MAX: usize = 512;

/// The same answer with a reason in its body, if it is one of those that the library gives by itself. To be asked of bytes
/// that are the beginning of an answer, and not in the middle of one, whose content anybody could have chosen.
pub(super) fn with_reason(answer: &[u8]) -> Option<Vec<u8>> {
    let answer = answer.strip_prefix(b"HTTP/1.1 ").filter(|rest| rest.len() < LENGTH_MAX)?;
    let (status, kind, reason) = reason(answer.get(..3)?)?;
    let headers = str::from_utf8(answer).ok()?.split_once("\r\n")?.1.strip_suffix("\r\n\r\n")?;
    // One of ours has a body, and one behind it is another answer.
    let headers = format!("{headers}\r\n");
    let (before, after) = headers.split_once(NO_BODY).filter(|_| !headers.contains("\r\n\r\n"))?;
    let body = Problem::new(status, kind, reason).to_json();
    let mut told = format!("HTTP/1.1 {status}\r\n{before}{after}content-type: application/json\r\n");
    if !told.contains("\r\nconnection: ") {
        told.push_str("connection: close\r\n");
    }
    told.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    Some([told.as_bytes(), &body].concat())
}

fn reason(status: &[u8]) -> Option<(StatusCode, &'static str, &'static str)> {
    Some(match status {
        b"400" => (
            StatusCode::BAD_REQUEST,
            "malformed",
            "this is no request of HTTP/1: expected a request line, headers `name: value` with one host, and one length of \
             the body",
        ),
        b"431" => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head_too_large",
            "the head of the request is too large: at most 96 headers and 128 KiB are read",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_library_says_by_itself_gets_a_reason() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Wed, 25 Nov 2026 19:00:00 GMT\r\n\r\n";
        let told = String::from_utf8(with_reason(bare.as_bytes()).unwrap()).unwrap();
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 400 Bad Request\r\ndate: Wed") && head.contains("connection: close"),
            "{head}"
        );
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
        assert!(body.starts_with(r#"{"error":"this is no request"#), "{body}");
        let others = [
            bare.replace("400", "401"),
            bare.replace("length: 0", "length: 1"),
            format!("{bare}x"),
            format!("{bare}{bare}"),
            bare[1..].to_owned(),
            bare.trim_end().to_owned(),
        ];
        for other in others {
            assert_eq!(with_reason(other.as_bytes()), None, "{other}");
        }
    }
}
