//! Names made of other names, and the one that was meant.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

/// `input_series` becomes `InputSeries`.
pub(crate) fn upper_camel(name: &Ident) -> Ident {
    let name_text = name.unraw().to_string();
    let camel: String = name_text.split('_').flat_map(capitalised).collect();
    identifier(&camel, name.span())
}

/// `IrisClassifier` becomes `iris_classifier`, `HTTPServer` becomes `http_server`.
pub(crate) fn snake(name: &Ident) -> Ident {
    let letters: Vec<char> = name.unraw().to_string().chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        if letter.is_uppercase() && before.is_some_and(|before| starts_word(before, after)) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    identifier(&snake, name.span())
}

/// The known name that differs least from `name`, if it differs little enough to have been meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, nearest) = known.iter().map(|known| (distance(name, known), *known)).min()?;
    (distance <= (name.chars().count() / 3).max(1)).then_some(nearest)
}

/// Whether an upper-case letter between these two begins a word. In `HTTPServer` that is the `S`, which a lower-case
/// letter follows, and not the `P`.
fn starts_word(before: char, after: Option<&char>) -> bool {
    before != '_' && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
}

fn capitalised(word: &str) -> impl Iterator<Item = char> {
    let mut letters = word.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters)
}

/// An identifier, raw if the text is a keyword.
fn identifier(text: &str, span: Span) -> Ident {
    match syn::parse_str::<Ident>(text) {
        Ok(_) => Ident::new(text, span),
        // `Self` alone cannot be raw; the underscore keeps it a name.
        Err(_) if text == "Self" => Ident::new("Self_", span),
        Err(_) => Ident::new_raw(text, span),
    }
}

/// Levenshtein's distance: how many letters to insert, delete or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(text: &str) -> Ident {
        identifier(text, Span::call_site())
    }

    #[test]
    fn types_become_modules() {
        let cases = [
            ("Foo", "foo"),
            ("IrisClassifier", "iris_classifier"),
            ("HTTPServer", "http_server"),
            ("BertV2", "bert_v2"),
            ("Top_K", "top_k"),
            ("Match", "r#match"),
        ];
        for (name, module) in cases {
            assert_eq!(snake(&ident(name)).to_string(), module);
        }
    }

    #[test]
    fn methods_become_messages() {
        let cases = [("classify", "Classify"), ("top_k", "TopK"), ("type", "Type"), ("self_", "Self_")];
        for (name, message) in cases {
            assert_eq!(upper_camel(&ident(name)).to_string(), message);
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["timeout", "idle_timeout", "max_concurrency"];
        assert_eq!(nearest("timeot", &known), Some("timeout"));
        assert_eq!(nearest("max_concurency", &known), Some("max_concurrency"));
        assert_eq!(nearest("replicas", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
