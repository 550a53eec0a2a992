//! Processor time and memory in the notation of Kubernetes.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>, without its exponents and without
//! the fractions of a byte that it allows.

const MEMORY: [&str; 13] = ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Checks processor time: cores, or thousandths of them.
///
/// # Errors
/// What it should have been.
pub(super) fn check_cpu(text: &str) -> Result<(), String> {
    let valid = match text.strip_suffix('m') {
        Some(thousandths) => is_whole(thousandths),
        None => is_decimal(text),
    };
    if valid {
        not_zero(text)
    } else {
        Err(format!("`{text}` is not processor time: write cores as `2` or `0.5`, or thousandths as `200m`"))
    }
}

/// Checks memory: bytes, with a decimal or a binary prefix.
///
/// # Errors
/// What it should have been.
pub(super) fn check_memory(text: &str) -> Result<(), String> {
    let number_end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(number_end);
    let valid = MEMORY.contains(&suffix) && if suffix.is_empty() { is_whole(number) } else { is_decimal(number) };
    if valid {
        not_zero(text)
    } else {
        Err(format!("`{text}` is not an amount of memory: write it as `512Mi`, `2Gi`, `1.5G` or in bytes"))
    }
}

fn not_zero(text: &str) -> Result<(), String> {
    if text.contains(|letter: char| ('1'..='9').contains(&letter)) {
        return Ok(());
    }
    Err(format!("`{text}` is nothing at all: leave the setting out to ask for nothing"))
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_whole(whole) && is_whole(fraction)
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time() {
        for text in ["1", "0.5", "200m", "16"] {
            assert_eq!(check_cpu(text), Ok(()), "{text}");
        }
        for text in ["", "m", "0", "0m", "0.0", "1.5m", "2 cores", "-1", "1.", "200M"] {
            assert!(check_cpu(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory() {
        for text in ["512Mi", "2Gi", "1.5G", "1048576", "64k"] {
            assert_eq!(check_memory(text), Ok(()), "{text}");
        }
        for text in ["", "Mi", "0", "0Gi", "512MB", "512mi", "1.5", "2 Gi", "-1Gi", "64K"] {
            assert!(check_memory(text).is_err(), "{text}");
        }
    }
}
