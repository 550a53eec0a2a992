//! The header `traceparent`: `version-trace-parent-flags`, in lower-case hexadecimal.

use super::{SpanId, TraceId};

/// What version 00 is long, and later ones at least.
const LENGTH: usize = 55;

/// The trace, the span and the flags; `None` if the header is not in order.
pub(super) fn parse(header: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    let (known, rest) = header.split_at_checked(LENGTH)?;
    let [version, trace, span, flags] = parts(known)?;
    let fits = match version {
        b"ff" => false,
        b"00" => rest.is_empty(),
        // Later versions may have more behind it, and are read as far as is known.
        _ => rest.first().is_none_or(|&byte| byte == b'-'),
    };
    hexadecimal(version).filter(|_| fits)?;
    let (trace, span) = (TraceId::new(hexadecimal(trace)?)?, SpanId::new(u64::try_from(hexadecimal(span)?).ok()?)?);
    Some((trace, span, u8::try_from(hexadecimal(flags)?).ok()?))
}

fn parts(header: &[u8]) -> Option<[&[u8]; 4]> {
    let dashes = [2, 35, 52].iter().all(|&at| header[at] == b'-');
    dashes.then(|| [&header[..2], &header[3..35], &header[36..52], &header[53..]])
}

fn hexadecimal(digits: &[u8]) -> Option<u128> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let text = str::from_utf8(digits).ok().filter(|_| digits.iter().all(is_digit))?;
    u128::from_str_radix(text, 16).ok()
}

pub(super) fn write(trace: TraceId, span: SpanId, flags: u8) -> String {
    format!("00-{trace}-{span}-{flags:02x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_in_order_is_nothing() {
        let table = [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", false),
            ("00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01", false),
            ("0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", false),
            ("+0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("", false),
        ];
        for (header, fits) in table {
            assert_eq!(parse(header.as_bytes()).is_some(), fits, "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(trace in 1u128.., span in 1u64.., flags: u8) {
            let (trace, span) = (TraceId::new(trace).unwrap(), SpanId::new(span).unwrap());
            prop_assert_eq!(parse(write(trace, span, flags).as_bytes()), Some((trace, span, flags)));
        }

        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
