//! Which form a method's result is answered in.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use playhouse_actors::Codec;

use super::accept::{self, Offer};
use crate::gateway::body::Media;
use crate::gateway::problem::Problem;
use crate::gateway::value::Kind;

/// A form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Msgpack,
    /// `text/plain`.
    Text,
    /// `application/octet-stream`.
    Octets,
    /// A file, whose own type is not known before it is there: any that is not one of the others.
    Own,
}

/// The codec in which a result of this kind is to be encoded: what the client says that it accepts; else the form that it
/// sent, or the kind's own.
///
/// # Errors
/// 406, with what there is.
pub(in crate::gateway) fn codec(gives: Kind, came: Media<'_>, headers: &HeaderMap) -> Result<Codec, Problem> {
    if accept::takes_anything(headers) {
        return Ok(usual(gives, came).codec());
    }
    let offers = offers(gives, came);
    accept::best(headers, &offers).map(|form| form.codec()).ok_or_else(|| not_acceptable(&offers))
}

/// The form where the client has no wish.
fn usual(gives: Kind, came: Media<'_>) -> Form {
    match (gives, came) {
        (_, Media::Msgpack) => Form::Msgpack,
        (Kind::Tensor, Media::Octets) => Form::Octets,
        (Kind::Tensor | Kind::Other, _) => Form::Json,
        (Kind::Text, _) => Form::Text,
        (Kind::Bytes, _) => Form::Octets,
        (Kind::File, _) => Form::Own,
    }
}

/// All forms that a result of this kind has, the usual one first.
fn offers(gives: Kind, came: Media<'_>) -> Vec<Form> {
    let raw = match gives {
        Kind::Tensor | Kind::Bytes => Some(Form::Octets),
        Kind::Text => Some(Form::Text),
        Kind::File => Some(Form::Own),
        Kind::Other => None,
    };
    let mut offers = vec![usual(gives, came)];
    for form in [Form::Json, Form::Msgpack].into_iter().chain(raw) {
        if !offers.contains(&form) {
            offers.push(form);
        }
    }
    offers
}

impl Form {
    fn codec(self) -> Codec {
        match self {
            Self::Json => Codec::Json,
            Self::Msgpack => Codec::Msgpack,
            Self::Text | Self::Octets | Self::Own => Codec::Raw,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::Msgpack => &["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"],
            Self::Text => &["text/plain"],
            Self::Octets => &["application/octet-stream"],
            Self::Own => &["the type of the file"],
        }
    }

    fn is_named(self, kind: &str, subtype: &str) -> bool {
        self.names().iter().filter_map(|name| name.split_once('/')).any(|(own_kind, own_subtype)| {
            (kind == "*" || kind.eq_ignore_ascii_case(own_kind))
                && (subtype == "*" || subtype.eq_ignore_ascii_case(own_subtype))
        })
    }
}

impl Offer for Form {
    fn is_in(&self, kind: &str, subtype: &str) -> bool {
        match self {
            Self::Own => subtype == "*" || ![Self::Json, Self::Msgpack].iter().any(|form| form.is_named(kind, subtype)),
            form => form.is_named(kind, subtype),
        }
    }
}

fn not_acceptable(offers: &[Form]) -> Problem {
    let names: Vec<_> = offers.iter().map(|form| form.names()[0]).collect();
    let message = format!("there is no answer of a type that `accept` names: it can be {}", names.join(", "));
    Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, HeaderValue};

    use super::*;

    fn chosen(gives: Kind, came: Media<'_>, accept: &'static str) -> Result<Codec, String> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        codec(gives, came, &headers).map_err(|problem| problem.message().to_owned())
    }

    #[test]
    fn accept_decides_and_then_what_came() {
        let table = [
            (Kind::Other, Media::Json, "*/*", Codec::Json),
            (Kind::Other, Media::Msgpack, "*/*", Codec::Msgpack),
            (Kind::Other, Media::Octets, "*/*", Codec::Json),
            (Kind::Tensor, Media::Json, "*/*", Codec::Json),
            (Kind::Tensor, Media::Octets, "*/*", Codec::Raw),
            (Kind::Tensor, Media::Octets, "application/*", Codec::Raw),
            (Kind::Tensor, Media::Json, "application/octet-stream", Codec::Raw),
            (Kind::Tensor, Media::Json, "application/x-msgpack", Codec::Msgpack),
            (Kind::Text, Media::Json, "*/*", Codec::Raw),
            (Kind::Text, Media::Json, "application/json", Codec::Json),
            (Kind::Text, Media::Json, "application/json, text/plain, */*", Codec::Json),
            (Kind::Text, Media::Json, "text/html, */*;q=0.8", Codec::Raw),
            (Kind::Bytes, Media::Json, "*/*", Codec::Raw),
            (Kind::File, Media::Json, "image/png", Codec::Raw),
            (Kind::File, Media::Json, "application/json", Codec::Json),
        ];
        for (gives, came, accept, expected) in table {
            assert_eq!(chosen(gives, came, accept), Ok(expected), "{gives:?} {came:?} {accept}");
        }
    }

    #[test]
    fn what_there_is_is_told() {
        let told = chosen(Kind::Tensor, Media::Json, "image/png").unwrap_err();
        assert!(told.ends_with("it can be application/json, application/msgpack, application/octet-stream"), "{told}");
    }
}
