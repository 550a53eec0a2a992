//! Hashes of files, read once and in pieces.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Error;
use super::progress::Progress;

/// How much is read at a time: more makes nothing faster, and several files at a time stay small.
pub(super) const CHUNK: usize = 256 << 10;

/// A SHA-256 that grows piece by piece.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash in hexadecimal, as `sha256sum` prints it.
    pub(super) fn finish(self) -> String {
        let mut hex = String::with_capacity(64);
        for byte in self.0.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

/// The size and the hash of a file.
pub(super) fn of_file(path: &Path, progress: &dyn Progress) -> Result<(u64, String), Error> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let (mut hasher, mut size, mut chunk) = (Hasher::default(), 0, vec![0; CHUNK]);
    loop {
        let length = file.read(&mut chunk).map_err(Error::io("read", path))?;
        if length == 0 {
            return Ok((size, hasher.finish()));
        }
        hasher.update(&chunk[..length]);
        size += length as u64;
        progress.advance(length as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (content, expected) in [
            (Vec::new(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc".to_vec(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            // More than one piece.
            (vec![b'a'; 1_000_000], "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ] {
            std::fs::write(&path, &content).unwrap();
            assert_eq!(of_file(&path, &()).unwrap(), (content.len() as u64, expected.to_owned()));
        }
    }
}
