//! A document that is there already: sent whole, or not at all to who has it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Read;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::gateway::reply::takes_gzip;

/// A document that is there already.
#[derive(Clone)]
pub(super) struct Document {
    content: Bytes,
    content_type: HeaderValue,
    /// Names this content: who has it already is not sent it again.
    tag: HeaderValue,
    /// Whether the content is compressed by gzip, and sent so to who takes that.
    gzipped: bool,
    /// Further headers.
    headers: &'static [(HeaderName, HeaderValue)],
}

/// Kept by who likes to, and asked for before each use: the next program at this address may have other services.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

impl Document {
    pub(super) fn new(content: impl Into<Bytes>, content_type: HeaderValue) -> Self {
        let content = content.into();
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let tag = HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).expect("quotes and digits");
        Self { content, content_type, tag, gzipped: false, headers: &[] }
    }

    pub(super) fn json(value: &Value) -> Self {
        Self::new(value.to_string(), HeaderValue::from_static("application/json"))
    }

    /// Says that the content is compressed by gzip.
    pub(super) fn gzipped(self) -> Self {
        Self { gzipped: true, ..self }
    }

    /// Adds headers to every answer.
    pub(super) fn with(self, headers: &'static [(HeaderName, HeaderValue)]) -> Self {
        Self { headers, ..self }
    }

    /// The document, or that the client has it.
    pub(super) fn answer(&self, headers: &HeaderMap) -> HttpResponse {
        if self.is_held(headers) {
            return self.head(HttpResponse::NotModified()).finish();
        }
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, self.content_type.clone()));
        if !self.gzipped {
            return self.head(response).body(self.content.clone());
        }
        response.insert_header((VARY, HeaderValue::from_static("accept-encoding")));
        if takes_gzip(headers) {
            response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
            return self.head(response).body(self.content.clone());
        }
        self.head(response).body(inflated(&self.content))
    }

    fn head(&self, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
        response.insert_header((ETAG, self.tag.clone())).insert_header((CACHE_CONTROL, CACHING));
        for (name, value) in self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response
    }

    /// Whether the client says that it has this content. Tags are compared weakly, as the header wants it.
    fn is_held(&self, headers: &HeaderMap) -> bool {
        let held = headers.get(IF_NONE_MATCH).map(HeaderValue::as_bytes).unwrap_or_default();
        held.split(|&byte| byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == self.tag.as_bytes())
    }
}

/// The content as it was before it was compressed; for the rare client that takes it in no other way.
fn inflated(content: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(content).read_to_end(&mut plain).expect("what the build compressed can be read again");
    plain
}
