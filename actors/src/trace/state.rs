//! The header `tracestate`: what each of those who record a trace has to say of it, passed on unread.

/// The most that is passed on: what the specification asks for at least.
const LENGTH_MAX: usize = 512;
/// The most entries that there may be.
const ENTRIES_MAX: usize = 32;
/// Entries that are longer go first when it is too long.
const LONG: usize = 128;

/// The entries of all headers as one list; `None` if they are not in order.
pub(super) fn clean<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let mut entries: Vec<&str> = Vec::new();
    for header in headers {
        for entry in str::from_utf8(header).ok()?.split(',').map(|entry| entry.trim_matches([' ', '\t'])) {
            if entry.is_empty() {
                continue;
            }
            let (key, value) = entry.split_once('=')?;
            let is_new = entries.iter().all(|other| !other.starts_with(key) || other.as_bytes()[key.len()] != b'=');
            if !is_key(key) || !is_value(value) || !is_new || entries.len() == ENTRIES_MAX {
                return None;
            }
            entries.push(entry);
        }
    }
    Some(shortened(entries).join(","))
}

fn shortened(mut entries: Vec<&str>) -> Vec<&str> {
    let length = |entries: &[&str]| entries.iter().map(|entry| entry.len() + 1).sum::<usize>();
    if length(&entries) > LENGTH_MAX + 1 {
        entries.retain(|entry| entry.len() <= LONG);
    }
    // The newest are in front.
    while length(&entries) > LENGTH_MAX + 1 {
        entries.pop();
    }
    entries
}

fn is_key(key: &str) -> bool {
    let is_part = |part: &str, length: usize| {
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
        !part.is_empty() && part.len() <= length && part.bytes().all(allowed)
    };
    let begins_well = key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    begins_well
        && match key.split_once('@') {
            Some((tenant, system)) => is_part(tenant, 241) && is_part(system, 14),
            None => is_part(key, 256),
        }
}

fn is_value(value: &str) -> bool {
    let allowed = |byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(headers: &[&str]) -> Option<String> {
        clean(headers.iter().map(|header| header.as_bytes()))
    }

    #[test]
    fn lists_in_order_are_joined_and_others_left_out() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], Some("")),
            (&["a=1"], Some("a=1")),
            (&["a=1 , b=2,,", "c@d=3"], Some("a=1,b=2,c@d=3")),
            (&["ab=1,a=2"], Some("ab=1,a=2")),
            (&["a=1,a=2"], None),
            (&["A=1"], None),
            (&["a"], None),
            (&["a="], None),
            (&["a=1=2"], None),
            (&["@a=1"], None),
            (&["a=\u{e9}"], None),
        ];
        for (headers, expected) in table {
            assert_eq!(cleaned(headers).as_deref(), *expected, "{headers:?}");
        }
        let many: Vec<_> = (0..33).map(|number| format!("a{number}=1")).collect();
        assert_eq!(cleaned(&[&many.join(",")]), None);
    }

    #[test]
    fn what_is_too_long_loses_its_long_entries_and_then_its_end() {
        let long = format!("long={}", "x".repeat(200));
        let many: Vec<_> = (0..30).map(|number| format!("key{number:02}={}", "v".repeat(20))).collect();
        let cleaned = cleaned(&[&long, &many.join(",")]).unwrap();
        assert!(
            cleaned.len() <= LENGTH_MAX && cleaned.starts_with("key00=") && !cleaned.contains("long="),
            "{cleaned}"
        );
        assert!(many.join(",").starts_with(&cleaned));
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(headers: Vec<Vec<u8>>) {
            let cleaned = clean(headers.iter().map(Vec::as_slice));
            prop_assert!(cleaned.is_none_or(|cleaned| cleaned.len() <= LENGTH_MAX));
        }

        #[test]
        fn what_was_cleaned_stays_as_it_is(header in "([a-c]{1,3}=[x-z]{1,200},?){0,12}") {
            if let Some(once) = cleaned(&[&header]) {
                prop_assert_eq!(cleaned(&[&once]), Some(once));
            }
        }
    }
}
