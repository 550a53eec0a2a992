//! Answers compressed for clients that say that they can read them so.
//!
//! Only JSON and text, and only what is long enough to gain something: below a few packets there is nothing to save. At the fastest
//! levels, since the arbiter does it: what takes it longer than a small call does is done on a thread for such work.

use std::cell::RefCell;
use std::io::{self, Write};

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use actix_web::web::block;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use zstd::bulk::Compressor;

use super::accept::weight;

/// The shortest answer that is compressed, in bytes. Below it there are two or three packets to save at most, and it would
/// double what a call costs: 20 to 30 us at 1.4 KB of numbers, 80 us at 14 KB, of which half is saved.
pub(super) const LENGTH_MIN: usize = 4 << 10;

/// The longest answer that an arbiter compresses itself, in bytes: some 0.2 ms of it.
const INLINE_MAX: usize = 32 << 10;

/// The fastest level of zstd that still makes JSON a fraction of itself.
const ZSTD_LEVEL: i32 = 1;

/// How an answer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Zstd,
    Gzip,
    Deflate,
}

/// In the order in which they are preferred: by what they cost.
const ENCODINGS: [Encoding; 3] = [Encoding::Zstd, Encoding::Gzip, Encoding::Deflate];

/// The response with this body, compressed if the client can read it so.
pub(super) async fn respond(headers: &HeaderMap, content_type: HeaderValue, body: Bytes) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, content_type));
    // For caches: other clients get other bytes.
    response.insert_header((VARY, HeaderValue::from_static("accept-encoding")));
    let Some(encoding) = wanted(headers) else { return response.body(body) };
    match compress(encoding, &body).await {
        Ok(compressed) => {
            response.insert_header((CONTENT_ENCODING, HeaderValue::from_static(encoding.name())));
            response.body(compressed)
        }
        Err(error) => {
            tracing::warn!(%error, encoding = encoding.name(), "an answer could not be compressed and goes as it is");
            response.body(body)
        }
    }
}

/// Whether the client can read gzip.
pub(in crate::gateway) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| weight_of(accepted, Encoding::Gzip.name()) > 0)
}

/// What the client can read, at best.
fn wanted(headers: &HeaderMap) -> Option<Encoding> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let mut wanted: Option<(u16, Encoding)> = None;
    for encoding in ENCODINGS {
        let weight = weight_of(accepted, encoding.name());
        if weight > wanted.map_or(0, |(weight, _)| weight) {
            wanted = Some((weight, encoding));
        }
    }
    wanted.map(|(_, encoding)| encoding)
}

/// The weight of an encoding, in thousandths; 0 if it is not to be used.
fn weight_of(accepted: &str, name: &str) -> u16 {
    let mut any = 0;
    for range in accepted.split(',') {
        let mut parts = range.split(';');
        let coding = parts.next().unwrap_or_default().trim();
        if coding.eq_ignore_ascii_case(name) {
            return weight(parts);
        }
        if coding == "*" {
            any = weight(parts);
        }
    }
    any
}

async fn compress(encoding: Encoding, body: &Bytes) -> io::Result<Vec<u8>> {
    if body.len() <= INLINE_MAX {
        return encoding.compress(body);
    }
    let body = body.clone();
    block(move || encoding.compress(&body)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    fn compress(self, body: &[u8]) -> io::Result<Vec<u8>> {
        // JSON becomes a quarter of itself or less; room for that is never far too much.
        let out = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Zstd => zstd(body),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
        }
    }
}

/// Compresses with the compressor of this thread: a new one is hundreds of kilobytes to set up.
fn zstd(body: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            None => compressor.insert(Compressor::new(ZSTD_LEVEL)?),
        };
        compressor.compress(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_and_then_the_cost() {
        let table: [(&str, Option<Encoding>); 9] = [
            ("gzip, deflate", Some(Encoding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Encoding::Zstd)),
            ("zstd;q=0.5, GZIP", Some(Encoding::Gzip)),
            ("deflate", Some(Encoding::Deflate)),
            ("*", Some(Encoding::Zstd)),
            ("*, zstd;q=0", Some(Encoding::Gzip)),
            ("gzip;q=0", None),
            ("identity", None),
            ("br", None),
        ];
        for (accepted, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(wanted(&headers), expected, "{accepted}");
        }
        assert_eq!(wanted(&HeaderMap::new()), None);
    }
}
