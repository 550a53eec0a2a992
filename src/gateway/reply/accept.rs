//! `accept`: what a client wants its answer to be.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// Something that a client can ask for.
pub(super) trait Offer {
    /// Whether it is what a range such as `application/json`, `text/*` or `*/*` names.
    fn is_in(&self, kind: &str, subtype: &str) -> bool;
}

/// How much a client wants something: by its weight, then by how exactly and how early it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// In thousandths.
    weight: u16,
    exactness: u8,
    /// The lower the later.
    earliness: u16,
}

/// Whether a client takes whatever it gets, as most do.
pub(super) fn takes_anything(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_none_or(|accept| accept == "*/*")
}

/// The offer that a client wants most; the first of those that it wants alike. `None` if it wants none of them.
pub(super) fn best<'a, T: Offer>(headers: &HeaderMap, offers: &'a [T]) -> Option<&'a T> {
    let accepts: Vec<&str> = headers.get_all(ACCEPT).filter_map(|accept| accept.to_str().ok()).collect();
    let mut best: Option<(Rank, &T)> = None;
    for offer in offers {
        let Some(rank) = rank(&accepts, offer) else { continue };
        if best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, offer));
        }
    }
    best.map(|(_, offer)| offer)
}

/// The rank by the most exact range that an offer is in; `None` if it is in none, or not wanted.
fn rank(accepts: &[&str], offer: &impl Offer) -> Option<Rank> {
    let ranges = accepts.iter().flat_map(|accept| accept.split(','));
    let mut most_exact: Option<Rank> = None;
    for (range, earliness) in ranges.zip((0..u16::MAX).rev()) {
        let mut parts = range.split(';');
        let Some((kind, subtype)) = parts.next().unwrap_or_default().trim().split_once('/') else { continue };
        if offer.is_in(kind, subtype) {
            let exactness = u8::from(kind != "*") + u8::from(subtype != "*");
            let rank = Rank { weight: weight(parts), exactness, earliness };
            if most_exact.is_none_or(|other| exactness > other.exactness) {
                most_exact = Some(rank);
            }
        }
    }
    most_exact.filter(|rank| rank.weight > 0)
}

/// The weight among parameters, in thousandths; one that cannot be read counts as the highest.
pub(super) fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    let mut weights = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value)?.trim().parse::<f32>().ok()
    });
    weights.next().map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    impl Offer for &str {
        fn is_in(&self, kind: &str, subtype: &str) -> bool {
            let (own_kind, own_subtype) = self.split_once('/').unwrap();
            (kind == "*" || kind.eq_ignore_ascii_case(own_kind))
                && (subtype == "*" || subtype.eq_ignore_ascii_case(own_subtype))
        }
    }

    #[test]
    fn what_is_wanted_most_is_chosen() {
        let table: [(&[&str], Option<&str>); 13] = [
            (&["*/*"], Some("text/plain")),
            (&["application/json"], Some("application/json")),
            (&["Application/JSON; charset=utf-8"], Some("application/json")),
            (&["application/*"], Some("application/json")),
            (&["application/json;q=0.5, text/plain;q=0.4"], Some("application/json")),
            (&["application/json, text/plain, */*"], Some("application/json")),
            (&["text/html, */*;q=0.8"], Some("text/plain")),
            (&["*/*, text/plain;q=0"], Some("application/json")),
            (&["application/json;q=0.1", "image/*"], Some("application/json")),
            (&["text/plain;q=high"], Some("text/plain")),
            (&["text/html"], None),
            (&["*/*;q=0"], None),
            (&["gibberish,,;q=1"], None),
        ];
        for (accepts, expected) in table {
            let mut headers = HeaderMap::new();
            for accept in accepts {
                headers.append(ACCEPT, HeaderValue::from_static(accept));
            }
            let offers = ["text/plain", "application/json"];
            assert_eq!(best(&headers, &offers).copied(), expected, "{accepts:?}");
        }
    }
}
