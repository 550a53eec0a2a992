//! Durations as people write them.

use std::time::Duration;

const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// What is expected of a duration.
pub(super) const EXPECTED: &str = "a duration such as 10s, 500ms, 2m or 1h, or a number of seconds";

/// A year: longer is a slip, and far from what the clock can hold.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads `10s`, `500ms`, `1.5m`, `1h`, or a number of seconds.
///
/// # Errors
/// What was expected.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = UNITS
        .iter()
        .find_map(|&(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .filter(|(number, _)| number.ends_with(|last: char| last.is_ascii_digit() || last == ' '))
        .unwrap_or((text, 1.0));
    let seconds = number.trim().parse::<f64>().map_err(|_| format!("expected {EXPECTED}"))?;
    of_seconds(seconds * unit)
}

/// Reads a duration that is longer than nothing.
///
/// # Errors
/// What was expected.
pub(crate) fn parse_time_limit(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .and_then(|limit| if limit.is_zero() { Err("expected a duration above 0".into()) } else { Ok(limit) })
}

/// A duration of a number of seconds.
///
/// # Errors
/// When it is negative, no number or longer than a year.
pub(super) fn of_seconds(seconds: f64) -> Result<Duration, String> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        _ => Err(format!("expected {EXPECTED}, between 0 and a year")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        let table = [("10s", 10_000), ("500ms", 500), ("1.5m", 90_000), ("2 h", 7_200_000), ("3", 3000), ("0.25", 250)];
        for (text, expected_ms) in table {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(expected_ms)), "{text}");
        }
        for text in ["", "s", "ten", "10x", "-1s", "inf", "NaN", "1e30s", "--1"] {
            assert!(parse_duration(text).is_err_and(|error| error.starts_with("expected a duration")), "{text}");
        }
    }
}
