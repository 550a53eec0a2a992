//! A compressed body, decompressed while it arrives: what it becomes never exceeds the limit by more than a step.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, HeaderValue};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::{bad, pieces};
use crate::gateway::config::Limits;
use crate::gateway::problem::Problem;

/// What is understood, as a client wants to hear it.
const UNDERSTOOD: HeaderValue = HeaderValue::from_static("gzip, deflate, zstd");

/// How many bytes are decompressed at a time.
const STEP: usize = 32 << 10;

/// The binary logarithm of the largest window of zstd: 8 MiB, as RFC 9659 has it for HTTP. A frame of a few bytes can ask
/// for gigabytes.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// The binary logarithm of the window of gzip, which is always the largest.
const GZIP_WINDOW_BITS: u8 = 15;

/// Decompresses a body piece by piece.
pub(super) struct Inflater {
    state: State,
    name: &'static str,
    out: Vec<u8>,
    step: Box<[u8]>,
    limit: usize,
    ended: bool,
}

enum State {
    Zlib(Decompress),
    Zstd(Decoder<'static>),
}

/// Reads a body and decompresses it.
pub(super) async fn read(mut inflater: Inflater, payload: &mut Payload, limits: &Limits) -> Result<Bytes, Problem> {
    while let Some(piece) = pieces::next(payload, limits.body_timeout).await? {
        inflater.push(&piece)?;
    }
    inflater.finish()
}

impl Inflater {
    /// What decompresses this `content-encoding` to at most `limit` bytes.
    pub(super) fn of(encoding: &HeaderValue, limit: usize) -> Result<Self, Problem> {
        let is = |name: &str| encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        let (name, state) = if is("gzip") || is("x-gzip") {
            ("gzip", State::Zlib(Decompress::new_gzip(GZIP_WINDOW_BITS)))
        } else if is("deflate") {
            ("deflate", State::Zlib(Decompress::new(true)))
        } else if is("zstd") {
            ("zstd", State::Zstd(zstd_decoder()?))
        } else {
            return Err(not_understood(encoding));
        };
        Ok(Self { state, name, out: Vec::new(), step: vec![0; STEP].into(), limit, ended: false })
    }

    /// Decompresses the next piece.
    pub(super) fn push(&mut self, mut piece: &[u8]) -> Result<(), Problem> {
        while !self.ended {
            let (read, written) = self.step(piece)?;
            piece = &piece[read..];
            if self.out.len() + written > self.limit {
                return Err(pieces::too_large(self.limit));
            }
            self.out.extend_from_slice(&self.step[..written]);
            // A full step may have left more behind; one that is not full has used up what there was.
            if piece.is_empty() && written < STEP {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Err(self.wrong("it makes no sense"));
            }
        }
        if piece.is_empty() { Ok(()) } else { Err(self.wrong("it goes on behind its end")) }
    }

    /// What it all has become.
    pub(super) fn finish(self) -> Result<Bytes, Problem> {
        if self.ended { Ok(self.out.into()) } else { Err(self.wrong("it is cut short")) }
    }

    /// Decompresses into `step`: how many bytes were read, and how many written.
    fn step(&mut self, piece: &[u8]) -> Result<(usize, usize), Problem> {
        match &mut self.state {
            State::Zlib(state) => {
                let before = (state.total_in(), state.total_out());
                let status = state.decompress(piece, &mut self.step, FlushDecompress::None);
                let moved = (state.total_in() - before.0, state.total_out() - before.1);
                match status {
                    Ok(status) => self.ended = status == Status::StreamEnd,
                    Err(error) => return Err(self.wrong(&error.to_string())),
                }
                Ok((moved.0 as usize, moved.1 as usize))
            }
            State::Zstd(state) => match state.run_on_buffers(piece, &mut self.step) {
                Ok(status) => {
                    self.ended = status.remaining == 0;
                    Ok((status.bytes_read, status.bytes_written))
                }
                Err(error) => Err(self.wrong(&error.to_string())),
            },
        }
    }

    fn wrong(&self, why: &str) -> Problem {
        // What is left to come is of no use.
        bad(format!("the body is not the {} that its content-encoding says: {why}", self.name)).closing()
    }
}

fn zstd_decoder() -> Result<Decoder<'static>, Problem> {
    let made = Decoder::new().and_then(|mut decoder| {
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))?;
        Ok(decoder)
    });
    made.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "no_memory", format!("zstd: {error}")))
}

fn not_understood(encoding: &HeaderValue) -> Problem {
    let message =
        format!("content-encoding {encoding:?} is not understood: expected gzip, deflate, zstd or none at all");
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message);
    problem.with_header(ACCEPT_ENCODING, UNDERSTOOD)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn inflated(encoding: &'static str, pieces: &[&[u8]], limit: usize) -> Result<Bytes, String> {
        let told = |problem: Problem| format!("{} {}", problem.status().as_u16(), problem.message());
        let mut inflater = Inflater::of(&HeaderValue::from_static(encoding), limit).map_err(told)?;
        for piece in pieces {
            inflater.push(piece).map_err(told)?;
        }
        inflater.finish().map_err(told)
    }

    fn deflated(encoding: &str, data: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match encoding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            _ => zstd::encode_all(data, 1).unwrap(),
        }
    }

    const ENCODINGS: [&str; 3] = ["gzip", "deflate", "zstd"];

    proptest! {
        #[test]
        fn what_was_compressed_comes_back_in_whatever_pieces(
            data in prop::collection::vec(0..4_u8, 0..20_000),
            size in 1..5000_usize,
        ) {
            for encoding in ENCODINGS {
                let deflated = deflated(encoding, &data);
                let pieces: Vec<_> = deflated.chunks(size).collect();
                prop_assert_eq!(inflated(encoding, &pieces, data.len()).unwrap(), &data, "{}", encoding);
            }
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        for encoding in ENCODINGS {
            let bomb = deflated(encoding, &vec![0; 4 << 20]);
            assert!(bomb.len() < 50_000, "{encoding}");
            let told = inflated(encoding, &[&bomb], 100_000).unwrap_err();
            assert!(told.starts_with("413 the body is larger than 100000 bytes"), "{told}");
        }
    }

    #[test]
    fn what_is_no_such_thing_is_told() {
        for encoding in ENCODINGS {
            let good = deflated(encoding, b"hello there, hello there");
            let cases = [
                (b"{\"text\": 1}".to_vec(), "is not the"),
                (good[..good.len() - 1].to_vec(), "it is cut short"),
                (Vec::new(), "it is cut short"),
                ([&good[..], b"more"].concat(), "goes on behind its end"),
            ];
            for (body, expected) in cases {
                let told = inflated(encoding, &[&body], 1000).unwrap_err();
                assert!(told.starts_with("400") && told.contains(expected), "{encoding} {body:?}: {told}");
            }
        }
        let told = inflated("br", &[], 1000).unwrap_err();
        assert!(told.starts_with("415") && told.contains("expected gzip, deflate, zstd or none"), "{told}");
    }
}
