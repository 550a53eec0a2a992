//! Amounts of a machine's resources, in the notation of Kubernetes.

/// The letters after an amount of memory.
const MEMORY: [&str; 13] = ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// What is expected of processor time.
pub(super) const CPU: &str = "cores as 2 or 0.5, or thousandths as 200m";

/// What is expected of memory.
pub(super) const MEMORY_EXPECTED: &str = "an amount of memory such as 512Mi, 2Gi, 1.5G, or a number of bytes";

/// Whether a text is processor time.
pub(super) fn is_cpu(text: &str) -> bool {
    match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse::<u32>().is_ok_and(|number| number > 0),
        None => is_amount(text),
    }
}

/// Whether a text is an amount of memory.
pub(super) fn is_memory(text: &str) -> bool {
    let letters = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - letters.len()];
    MEMORY.contains(&letters) && is_amount(number) && (!letters.is_empty() || !number.contains('.'))
}

fn is_amount(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let plain = text.starts_with(is_digit) && text.ends_with(is_digit) && text.chars().all(|c| is_digit(c) || c == '.');
    plain && text.parse::<f64>().is_ok_and(|number| number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_of_kubernetes() {
        for text in ["1", "0.5", "200m", "16"] {
            assert!(is_cpu(text), "{text}");
        }
        for text in ["", "m", "0", "0m", "0.0", "1.5m", "2 cores", "-1", "1.", "200M", "1e3", "inf"] {
            assert!(!is_cpu(text), "{text}");
        }
        for text in ["512Mi", "2Gi", "1.5G", "1048576", "64k"] {
            assert!(is_memory(text), "{text}");
        }
        for text in ["", "Mi", "0", "0Gi", "512MB", "512mi", "1.5", "2 Gi", "-1Gi", "64K", "1..5G"] {
            assert!(!is_memory(text), "{text}");
        }
    }
}
