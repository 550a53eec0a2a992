//! How long work with large files goes on.

/// Is told how far copying or hashing has come. `()` does not care.
pub(crate) trait Progress {
    /// There will be so many bytes more.
    fn expect(&self, _bytes: u64) {}

    /// A file begins.
    fn begin(&self, _file: &str) {}

    /// So many bytes were done.
    fn advance(&self, _bytes: u64) {}
}

impl Progress for () {}
