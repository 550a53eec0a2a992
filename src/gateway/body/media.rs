//! The type of a body, by its `content-type`.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::parameters::essence;

/// The type of a body.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) enum Media<'a> {
    /// JSON, which is also what is meant where nothing is said.
    Json,
    /// MessagePack.
    Msgpack,
    /// Bytes.
    Octets,
    /// A form with files.
    Multipart(&'a HeaderValue),
    /// A form without.
    Urlencoded(&'a HeaderValue),
    /// A text.
    Text(&'a HeaderValue),
    /// Anything else.
    Other(&'a HeaderValue),
}

impl<'a> Media<'a> {
    /// The type of the body that has these headers.
    pub(in crate::gateway) fn of(headers: &'a HeaderMap) -> Self {
        match headers.get(CONTENT_TYPE) {
            None => Self::Json,
            Some(value) if value == "application/json" => Self::Json,
            Some(value) => Self::of_value(value),
        }
    }

    fn of_value(value: &'a HeaderValue) -> Self {
        let is = |name: &str| essence(value.as_bytes()).eq_ignore_ascii_case(name.as_bytes());
        if is("application/json") {
            Self::Json
        } else if ["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"].into_iter().any(is) {
            Self::Msgpack
        } else if is("application/octet-stream") {
            Self::Octets
        } else if is("multipart/form-data") {
            Self::Multipart(value)
        } else if is("application/x-www-form-urlencoded") {
            Self::Urlencoded(value)
        } else if is("text/plain") {
            Self::Text(value)
        } else {
            Self::Other(value)
        }
    }

    /// What it is called, for people.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Json => "application/json",
            Self::Msgpack => "application/msgpack",
            Self::Octets => "application/octet-stream",
            Self::Multipart(value) | Self::Urlencoded(value) | Self::Text(value) | Self::Other(value) => {
                value.to_str().unwrap_or("(not ASCII)")
            }
        }
    }
}
