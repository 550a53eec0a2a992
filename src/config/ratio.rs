//! Parts of a whole.

/// What a ratio looks like.
pub(super) const EXPECTED: &str = "a number from 0 to 1, such as 0.1";

/// Reads a ratio.
///
/// # Errors
/// What was expected.
pub(crate) fn parse_ratio(text: &str) -> Result<f64, String> {
    text.trim().parse().ok().and_then(ratio).ok_or_else(|| format!("expected {EXPECTED}"))
}

pub(super) fn ratio(number: f64) -> Option<f64> {
    (0.0..=1.0).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("0.25", Some(0.25)),
            (" 1 ", Some(1.0)),
            ("1.5", None),
            ("-1", None),
            ("NaN", None),
            ("x", None),
        ] {
            assert_eq!(parse_ratio(text).ok(), expected, "{text}");
        }
    }
}
