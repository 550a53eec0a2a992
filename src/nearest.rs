//! What somebody who mistyped a name may have meant.

/// The known name that is nearest to `name`, if it is near enough to be a slip: a third of its letters at most differ.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
    let (distance, near) = known.iter().map(|known| (distance(known), *known)).min_by_key(|(distance, _)| *distance)?;
    (distance <= near.chars().count().max(name.chars().count()).div_ceil(3)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["workers", "slots", "traffic", "max_concurrency"];
        let table = [
            ("worker", Some("workers")),
            ("Traffic", Some("traffic")),
            ("max_concurency", Some("max_concurrency")),
            ("solts", Some("slots")),
            ("colour", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
        assert_eq!(nearest("workers", &[]), None);
    }
}
