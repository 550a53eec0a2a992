//! Sizes in bytes as people write them.

/// The longer ones first, so that `KiB` is not read as `B`.
const UNITS: [(&str, usize); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// What is expected of a size.
pub(super) const EXPECTED: &str = "a size such as 512KiB, 100MiB or 1GB, or a number of bytes";

/// Reads `512KiB`, `100MiB`, `1GB`, or a number of bytes.
///
/// # Errors
/// What was expected.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let (number, unit) =
        UNITS.iter().find_map(|&(unit, bytes)| Some((text.strip_suffix(unit)?, bytes))).unwrap_or((text, 1));
    let number = number.trim().parse::<usize>().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| format!("expected {EXPECTED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        let table = [("1", 1), ("512KiB", 512 << 10), ("100 MiB", 100 << 20), ("1GB", 1_000_000_000), ("7B", 7)];
        for (text, expected) in table {
            assert_eq!(parse_size(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "MiB", "-1", "1.5MiB", "99999999999GiB", "10 apples"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
