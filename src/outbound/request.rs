//! A call as an HTTP request.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, Request, Uri};
use http_body_util::Full;
use playhouse_actors::{CallResult, Codec, Encoded, Error, TraceContext};
use serde_json::{Map, Value, value::RawValue};

use super::contract::{Arguments, Offer};
use super::multipart;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("playhouse/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MSGPACK: HeaderValue = HeaderValue::from_static("application/msgpack");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");
/// What is left of the caller's time. Another Playhouse does not work beyond it; BentoML does not know it.
const TIMEOUT: &str = "x-request-timeout-ms";

/// Arguments, ready to be sent.
#[derive(Clone)]
pub(super) struct Payload {
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
}

/// What is wanted as an answer.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    One(Codec),
    Stream,
}

impl Payload {
    /// Writes arguments in the form that the peer takes them in; `is_root` if they are one value alone already.
    ///
    /// # Errors
    /// Arguments that cannot be written so.
    pub(super) fn of(
        body: &Encoded,
        offer: Option<&Offer>,
        peer_is_playhouse: bool,
        is_root: bool,
    ) -> CallResult<Self> {
        match (body.codec, peer_is_playhouse) {
            (Codec::Msgpack, true) => Ok(Self { content_type: MSGPACK, body: body.head.clone() }),
            (Codec::Json, _) => json(&body.head, offer.map(|offer| &offer.arguments), is_root),
            (codec, _) => Err(Error::malformed(format!("arguments in {codec} cannot be sent to a URL: send JSON"))),
        }
    }
}

fn json(arguments: &Bytes, form: Option<&Arguments>, is_root: bool) -> CallResult<Payload> {
    match form.unwrap_or(&Arguments::Object) {
        Arguments::Object => Ok(Payload { content_type: JSON, body: arguments.clone() }),
        Arguments::Root => Ok(Payload { content_type: JSON, body: only(arguments, is_root)?.get().to_owned().into() }),
        Arguments::RootText => {
            let text: String =
                serde_json::from_str(only(arguments, is_root)?.get()).map_err(|_| not_read(&"expected a text"))?;
            Ok(Payload { content_type: HeaderValue::from_static("text/plain; charset=utf-8"), body: text.into() })
        }
        Arguments::Form(files) => {
            let arguments: Map<String, Value> = serde_json::from_slice(arguments).map_err(|error| not_read(&error))?;
            let form = multipart::form(&arguments, files, fastrand::u128(..))?;
            let content_type = HeaderValue::try_from(form.content_type).map_err(|error| not_read(&error))?;
            Ok(Payload { content_type, body: form.body })
        }
    }
}

/// The value of the only argument; or the value, if that is all there is.
fn only(arguments: &[u8], is_root: bool) -> CallResult<&RawValue> {
    let whole: &RawValue = serde_json::from_slice(arguments).map_err(|error| not_read(&error))?;
    if is_root || !whole.get().starts_with('{') {
        return Ok(whole);
    }
    let named: std::collections::HashMap<String, &RawValue> =
        serde_json::from_slice(arguments).map_err(|error| not_read(&error))?;
    let count = named.len();
    let mut values = named.into_values();
    match (values.next(), values.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Error::malformed(format!("the method takes one value alone, and {count} arguments are given"))),
    }
}

fn not_read(why: &dyn std::fmt::Display) -> Error {
    Error::malformed(format!("the arguments cannot be sent: {why}"))
}

/// The request for a call.
pub(super) fn call(uri: Uri, payload: Payload, wanted: Wanted, left: Duration) -> Request<Full<Bytes>> {
    let Payload { content_type, body } = payload;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    let accept = match wanted {
        Wanted::One(Codec::Msgpack) => MSGPACK,
        Wanted::One(_) => JSON,
        Wanted::Stream => EVENTS,
    };
    headers.insert(ACCEPT, accept);
    // Rounded up: 0 would not be understood.
    let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    headers.insert(TIMEOUT, left.into());
    common(headers);
    request
}

/// The request for a document.
pub(super) fn get(uri: Uri) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri;
    common(request.headers_mut());
    request
}

/// What the call is made for: the id of a request, the trace that it belongs to.
pub(super) fn set_origin(headers: &mut HeaderMap, id: Option<&HeaderValue>, trace: Option<&TraceContext>) {
    headers.extend(id.map(|id| (REQUEST_ID, id.clone())));
    let Some(trace) = trace else { return };
    // What is in it came from a header, or is digits.
    headers.extend(HeaderValue::try_from(trace.to_header()).map(|value| (TRACE_PARENT, value)));
    if !trace.state().is_empty() {
        headers.extend(HeaderValue::try_from(trace.state()).map(|value| (TRACE_STATE, value)));
    }
}

/// What goes with everything that is sent.
fn common(headers: &mut HeaderMap) {
    headers.insert(USER_AGENT, AGENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_in_the_form_that_is_taken() {
        let body = Encoded::new(Codec::Json, r#"{"text":"a \"b\""}"#);
        let payload = |form: Arguments| {
            let offer = Offer { arguments: form, ..Offer::default() };
            let Payload { content_type, body } = Payload::of(&body, Some(&offer), false, false).unwrap();
            (content_type.to_str().unwrap().to_owned(), String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(payload(Arguments::Object), ("application/json".into(), r#"{"text":"a \"b\""}"#.into()));
        assert_eq!(payload(Arguments::Root), ("application/json".into(), r#""a \"b\"""#.into()));
        assert_eq!(payload(Arguments::RootText), ("text/plain; charset=utf-8".into(), r#"a "b""#.into()));
        let alone = Encoded::new(Codec::Json, r#"{"a":1,"b":2}"#);
        let root = Offer { arguments: Arguments::Root, ..Offer::default() };
        assert_eq!(Payload::of(&alone, Some(&root), false, true).unwrap().body, alone.head);
        assert!(payload(Arguments::Form(vec!["file".into()])).0.starts_with("multipart/form-data; boundary="));
    }

    #[test]
    fn what_cannot_be_sent_is_told() {
        let root = Offer { arguments: Arguments::Root, ..Offer::default() };
        let two = Encoded::new(Codec::Json, r#"{"a":1,"b":2}"#);
        let told =
            |body: &Encoded, offer: Option<&Offer>| Payload::of(body, offer, false, false).err().unwrap().to_string();
        assert!(told(&two, Some(&root)).contains("one value alone, and 2 arguments"));
        assert!(told(&Encoded::new(Codec::Msgpack, "x"), None).contains("send JSON"));
        assert!(told(&Encoded::new(Codec::Json, "["), Some(&root)).contains("cannot be sent"));
    }
}
