//! The path of a request as it is looked up.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path with its escapes decoded, once. An escaped slash stays as it is: it is part of a name, not between two.
pub(super) fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(slash) = rest.to_ascii_lowercase().find("%2f") {
        decoded.push_str(&percent_decode_str(&rest[..slash]).decode_utf8_lossy());
        decoded.push_str("%2F");
        rest = &rest[slash + 3..];
    }
    decoded.push_str(&percent_decode_str(rest).decode_utf8_lossy());
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once() {
        let table = [
            ("/echo", "/echo"),
            ("/%65cho", "/echo"),
            ("/%2565cho", "/%65cho"),
            ("/Stage%2fecho", "/Stage%2Fecho"),
            ("/%53tage%2F%2f/echo", "/Stage%2F%2F/echo"),
            ("/%C3%BC", "/ü"),
            ("/%FF", "/\u{fffd}"),
            ("/%zz%", "/%zz%"),
        ];
        for (path, expected) in table {
            assert_eq!(decoded(path), expected);
        }
    }
}
