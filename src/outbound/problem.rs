//! What an answer with a status other than 2xx means.
//!
//! Playhouse says by `kind` what happened, and by `began` whether a method had begun. BentoML says it by the status; of
//! its bodies there are three forms: `{"error": ..}`, with `"detail"` where arguments are wrong; a list of such objects,
//! one more for each service that an error passes, where a method refuses something itself; and plain text.

use std::time::Duration;

use http::StatusCode;
use playhouse_actors::{Error, ErrorKind, Hop};
use serde_json::Value;

/// How much of a plain text is passed on.
const TEXT_MAX: usize = 300;

/// An answer that says what went wrong.
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    /// Of `retry-after`.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a [u8],
}

/// What it says, once read.
struct Told {
    message: String,
    /// Playhouse's kind.
    kind: Option<String>,
    field: Option<String>,
    code: Option<String>,
    details: Option<String>,
    /// Whether a method had begun to run.
    began: bool,
}

impl Refusal<'_> {
    /// The error of the call, with where it came from.
    pub(super) fn into_error(self, hop: Hop) -> Error {
        let told = self.told();
        let began = told.began;
        let error = Error::new(self.kind(told));
        if began { error.returned_by(hop) } else { error.refused_by(hop) }
    }

    fn told(&self) -> Told {
        match serde_json::from_slice::<Value>(self.body) {
            Ok(Value::Object(object)) if object.contains_key("error") => self.object(&Value::Object(object)),
            // Only a method that has begun refuses in this way.
            Ok(Value::Array(list)) => Told { began: true, ..self.plain(innermost(&list)) },
            // A page that was not found is no method's word.
            _ if self.status == StatusCode::NOT_FOUND => self.plain("there is no such method".into()),
            _ => self.plain(self.text()),
        }
    }

    fn object(&self, body: &Value) -> Told {
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        let message = body["error"].as_str().unwrap_or_default().to_owned();
        let plain = self.plain(message.clone());
        let (field, wrong) = detail(&body["detail"]);
        let kind = text("kind");
        Told {
            message: wrong.unwrap_or(if message.is_empty() { plain.message } else { message }),
            field: text("field").or(field),
            code: text("code"),
            details: text("details"),
            began: if kind.is_some() { body["began"] == true || ran(kind.as_deref()) } else { plain.began },
            kind,
        }
    }

    /// By the status alone. What says 429 has not begun; 503 may be a method's own word.
    fn plain(&self, message: String) -> Told {
        let message = if message.is_empty() { self.status.to_string() } else { message };
        let began = self.status.is_server_error();
        Told { message, kind: None, field: None, code: None, details: None, began }
    }

    fn kind(&self, told: Told) -> ErrorKind {
        let Told { message, kind, field, code, details, began } = told;
        let after = |prefix: &str| message.strip_prefix(prefix).unwrap_or(&message).to_owned();
        match kind.as_deref() {
            Some("service") => ErrorKind::Service { code: code.unwrap_or_default(), message, details },
            Some("unavailable" | "starting") => ErrorKind::Unavailable { reason: after("unavailable: ") },
            Some("not_started") => ErrorKind::NotStarted { reason: after("not started: ") },
            Some("draining") => ErrorKind::Draining,
            Some("cancelled") => ErrorKind::Cancelled,
            Some("panicked") => ErrorKind::Panicked { message: after("panicked: ") },
            Some("may_have_run") => ErrorKind::MayHaveRun { reason: after("lost after sending, it may have run: ") },
            Some(kind) if self.status.is_server_error() && self.status != StatusCode::GATEWAY_TIMEOUT => {
                ErrorKind::Service { code: kind.to_owned(), message, details }
            }
            _ => self.kind_by_status(message, field, began),
        }
    }

    fn kind_by_status(&self, message: String, field: Option<String>, began: bool) -> ErrorKind {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                ErrorKind::Unauthorized { reason: without(message, "unauthorized: ") }
            }
            StatusCode::TOO_MANY_REQUESTS => {
                ErrorKind::Overloaded { retry_after: self.retry_after.unwrap_or_default() }
            }
            // Somebody between us and the peer has lost it.
            StatusCode::BAD_GATEWAY => ErrorKind::MayHaveRun { reason: message },
            StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable { reason: message },
            StatusCode::GATEWAY_TIMEOUT => ErrorKind::DeadlineExceeded,
            StatusCode::CONFLICT | StatusCode::GONE | StatusCode::PAYMENT_REQUIRED => self.by_number(message),
            // What a method does not find is nothing that its caller can mend in the arguments.
            StatusCode::NOT_FOUND if began => self.by_number(message),
            status if status.is_client_error() => {
                let prefix = field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
                ErrorKind::Rejected { message: without(message, &prefix), field }
            }
            _ => self.by_number(message),
        }
    }

    fn by_number(&self, message: String) -> ErrorKind {
        ErrorKind::Service { code: format!("http_{}", self.status.as_u16()), message, details: None }
    }

    /// The body as text, if it is one for people; a page for browsers is not.
    fn text(&self) -> String {
        let text = String::from_utf8_lossy(self.body);
        let text = text.trim();
        if text.starts_with('<') { String::new() } else { text.chars().take(TEXT_MAX).collect() }
    }
}

/// Whether a method had begun, of the kinds that tell.
fn ran(kind: Option<&str>) -> bool {
    let before = [
        "rejected",
        "unauthorized",
        "overloaded",
        "unavailable",
        "starting",
        "not_started",
        "draining",
        "not_found",
        "wrong_verb",
        "bad_header",
        "unsupported_media_type",
        "too_large",
        "too_slow",
        "unreadable_body",
    ];
    !kind.is_some_and(|kind| before.contains(&kind))
}

/// The message within `[{"error": "[{\"error\": ..}]"}]`.
fn innermost(list: &[Value]) -> String {
    let Some(message) = list.first().and_then(|first| first["error"].as_str()) else { return String::new() };
    match serde_json::from_str::<Value>(message) {
        Ok(Value::Array(inner)) if !inner.is_empty() => innermost(&inner),
        _ => message.to_owned(),
    }
}

/// The argument at fault and all that is wrong, of pydantic's list.
fn detail(detail: &Value) -> (Option<String>, Option<String>) {
    let Some(mistakes) = detail.as_array().filter(|mistakes| !mistakes.is_empty()) else { return (None, None) };
    let place = |mistake: &Value| {
        let parts = mistake["loc"].as_array().into_iter().flatten();
        let parts = parts.map(|part| part.as_str().map_or_else(|| part.to_string(), ToOwned::to_owned));
        Some(parts.collect::<Vec<_>>().join(".")).filter(|place| !place.is_empty())
    };
    let message = |mistake: &Value| mistake["msg"].as_str().unwrap_or("it does not fit").to_owned();
    if let [only] = mistakes.as_slice() {
        return (place(only), Some(message(only)));
    }
    let all = mistakes.iter().map(|mistake| match place(mistake) {
        Some(place) => format!("{place}: {}", message(mistake)),
        None => message(mistake),
    });
    (None, Some(all.collect::<Vec<_>>().join("; ")))
}

fn without(message: String, prefix: &str) -> String {
    message.strip_prefix(prefix).map(ToOwned::to_owned).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, retry_after: Option<u64>, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let refusal = Refusal { status, retry_after: retry_after.map(Duration::from_secs), body: body.as_bytes() };
        refusal.into_error(Hop { service: "Peer".into(), method: "m".into(), replica: "http://peer".into() })
    }

    fn kind(status: u16, body: &str) -> ErrorKind {
        error(status, None, body).kind().clone()
    }

    #[test]
    fn what_playhouse_says_keeps_its_kind() {
        let service =
            |code: &str| ErrorKind::Service { code: code.into(), message: "m".into(), details: Some("d".into()) };
        let table = [
            (500, r#"{"error":"m","kind":"service","code":"c","details":"d"}"#, service("c")),
            (400, r#"{"error":"a: m","kind":"rejected","field":"a"}"#, Error::rejected("a", "m").kind().clone()),
            (
                401,
                r#"{"error":"unauthorized: m","kind":"unauthorized"}"#,
                ErrorKind::Unauthorized { reason: "m".into() },
            ),
            (503, r#"{"error":"unavailable: m","kind":"unavailable"}"#, ErrorKind::Unavailable { reason: "m".into() }),
            (503, r#"{"error":"not started: m","kind":"not_started"}"#, ErrorKind::NotStarted { reason: "m".into() }),
            (503, r#"{"error":"draining","kind":"draining"}"#, ErrorKind::Draining),
            (503, r#"{"error":"cancelled","kind":"cancelled"}"#, ErrorKind::Cancelled),
            (504, r#"{"error":"deadline exceeded","kind":"deadline_exceeded"}"#, ErrorKind::DeadlineExceeded),
            (500, r#"{"error":"panicked: m","kind":"panicked"}"#, ErrorKind::Panicked { message: "m".into() }),
            (
                502,
                r#"{"error":"lost after sending, it may have run: m","kind":"may_have_run"}"#,
                ErrorKind::MayHaveRun { reason: "m".into() },
            ),
            (404, r#"{"error":"m","kind":"not_found"}"#, Error::malformed("m").kind().clone()),
        ];
        for (status, body, expected) in table {
            assert_eq!(kind(status, body), expected, "{body}");
        }
        let overloaded = error(429, Some(2), r#"{"error":"overloaded, try again in 1500 ms","kind":"overloaded"}"#);
        assert_eq!(overloaded.kind(), &ErrorKind::Overloaded { retry_after: Duration::from_secs(2) });
        assert!(
            matches!(kind(500, r#"{"error":"m","kind":"dependency_rejected"}"#), ErrorKind::Service { code, .. } if code == "dependency_rejected")
        );
    }

    #[test]
    fn only_what_has_not_begun_proves_it() {
        let table = [
            (429, r#"{"error":"m","kind":"overloaded"}"#, true),
            (429, r#"{"error":"m","kind":"overloaded","began":true}"#, false),
            (503, r#"{"error":"m","kind":"draining"}"#, true),
            (503, r#"{"error":"m","kind":"unavailable","began":true}"#, false),
            (429, r#"{"error":"Too many requests"}"#, true),
            (429, r#"[{"error":"a method's own"}]"#, false),
            (503, r#"{"error":"An unexpected error"}"#, false),
            (503, "Service Unavailable", false),
        ];
        for (status, body, expected) in table {
            assert_eq!(error(status, None, body).proves_not_started(), expected, "{status} {body}");
        }
    }

    #[test]
    fn what_bentoml_says_is_understood() {
        let missing = r#"{"error":"1 validation error for Input","detail":[{"type":"missing","loc":["rows"],"msg":"Field required"}]}"#;
        assert_eq!(kind(400, missing), Error::rejected("rows", "Field required").kind().clone());
        let two = r#"{"error":"2 validation errors","detail":[{"loc":["a",0],"msg":"x"},{"loc":[],"msg":"y"}]}"#;
        assert_eq!(kind(400, two), Error::malformed("a.0: x; y").kind().clone());
        let nested = r#"[{"error":"[{\"error\":\"bad x from dep\"}]"}]"#;
        assert_eq!(kind(400, nested), Error::malformed("bad x from dep").kind().clone());
        assert_eq!(
            kind(401, r#"{"error":"Authorization error"}"#),
            ErrorKind::Unauthorized { reason: "Authorization error".into() }
        );
        assert_eq!(
            kind(429, r#"{"error":"Too many requests"}"#),
            ErrorKind::Overloaded { retry_after: Duration::ZERO }
        );
        assert_eq!(
            kind(504, r#"{"error":"Not able to process the request in 5 seconds"}"#),
            ErrorKind::DeadlineExceeded
        );
        assert_eq!(kind(404, "Not Found"), Error::malformed("there is no such method").kind().clone());
        let own = r#"[{"error":"no flower 7"}]"#;
        assert_eq!(kind(404, own), Error::service("http_404", "no flower 7").kind().clone());
        assert_eq!(kind(422, own), Error::malformed("no flower 7").kind().clone());
        assert_eq!(kind(500, "<html>"), Error::service("http_500", "500 Internal Server Error").kind().clone());
        assert_eq!(kind(502, "<html>"), ErrorKind::MayHaveRun { reason: "502 Bad Gateway".into() });
        assert_eq!(kind(418, "tea"), Error::malformed("tea").kind().clone());
        assert_eq!(kind(409, "taken"), Error::service("http_409", "taken").kind().clone());
        let long = "x".repeat(1000);
        assert_eq!(kind(400, &long), Error::malformed("x".repeat(TEXT_MAX)).kind().clone());
    }
}
