//! Parameters of a header's value: `form-data; name="image"; filename="cat.png"`.

use std::borrow::Cow;

/// A value without its parameters.
pub(super) fn essence(value: &[u8]) -> &[u8] {
    value.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

/// The parameter of this name, without its quotes; `None` also if the value is cut short before it.
pub(super) fn parameter<'a>(value: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let mut rest = &value[value.iter().position(|&byte| byte == b';')? + 1..];
    loop {
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let key = rest[..equals].trim_ascii();
        let (given, after) = take(rest[equals + 1..].trim_ascii_start())?;
        if key.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(given);
        }
        let next = after.iter().position(|&byte| byte == b';')?;
        rest = &after[next + 1..];
    }
}

/// A parameter's value, and what follows it.
fn take(rest: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        return take_quoted(quoted);
    }
    let end = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
    Some((Cow::Borrowed(rest[..end].trim_ascii_end()), &rest[end..]))
}

/// What stands before the closing quote. A backslash escapes a quote and itself; others stay, for the paths of Windows.
fn take_quoted(rest: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let plain = rest.iter().position(|byte| b"\"\\".contains(byte))?;
    if rest[plain] == b'"' {
        return Some((Cow::Borrowed(&rest[..plain]), &rest[plain + 1..]));
    }
    let mut text = rest[..plain].to_vec();
    let mut at = plain;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (b'"', _) => return Some((Cow::Owned(text), &rest[at + 1..])),
            (b'\\', Some(&escaped @ (b'"' | b'\\'))) => {
                text.push(escaped);
                at += 2;
            }
            (&byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name() {
        let table: [(&str, &str, Option<&str>); 11] = [
            ("form-data; name=\"image\"; filename=\"cat.png\"", "filename", Some("cat.png")),
            ("form-data; filename=\"name=x; y\"; name=image", "name", Some("image")),
            ("form-data; Name = a", "name", Some("a")),
            ("form-data; name=\"a\\\"b\\\\c\\d\"", "name", Some("a\"b\\c\\d")),
            ("multipart/form-data; boundary=x; charset=utf-8", "boundary", Some("x")),
            ("multipart/form-data; boundary=\"a b\"", "boundary", Some("a b")),
            ("form-data; filename=\"half", "filename", None),
            ("form-data; filename=\"half\\", "filename", None),
            ("form-data", "name", None),
            ("form-data; name", "name", None),
            ("form-data; name=", "name", Some("")),
        ];
        for (value, name, expected) in table {
            let found = parameter(value.as_bytes(), name);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{value}");
        }
        assert_eq!(essence(b" text/plain ; charset=utf-8"), b"text/plain");
    }
}
