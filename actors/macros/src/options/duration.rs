//! Durations as they are written in attributes: `"10s"`, `"1.5s"`, `"20ms"`.

use std::time::Duration;

const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
];

/// Reads a number and a unit, exactly: no floating point is involved.
///
/// # Errors
/// What it should have been.
pub(super) fn read(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| {
        let units = UNITS.map(|(unit, _)| unit).join(", ");
        format!("`{text}` is not a duration: a number and one of {units}, such as `10s`, `1.5s` or `20ms`")
    })
}

fn parse(text: &str) -> Option<Duration> {
    let number_end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(number_end);
    let (_, nanos_per_unit) = UNITS.into_iter().find(|(name, _)| *name == unit.trim_start())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(nanos_per_unit)?;
    let scale = 10u64.pow(u32::try_from(fraction.len()).ok()?);
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(nanos_per_unit) / u128::from(scale);
    Some(Duration::from_nanos(whole.checked_add(u64::try_from(part).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        let cases = [
            ("10s", Duration::from_secs(10)),
            ("1.5s", Duration::from_millis(1500)),
            ("20ms", Duration::from_millis(20)),
            ("0.25 ms", Duration::from_micros(250)),
            ("500us", Duration::from_micros(500)),
            ("7ns", Duration::from_nanos(7)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("0s", Duration::ZERO),
        ];
        for (text, duration) in cases {
            assert_eq!(read(text), Ok(duration), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "10", "s", "10 parsecs", "1.s", ".5s", "1.2.3s", "-1s", "1e3s", "99999999999h"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
