//! What the value of an option has to look like.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Lit, LitInt};

use super::{Given, Options, Table, Value, duration, quantity};
use crate::mistakes::Mistakes;
use crate::names::nearest;

/// What the value of an option has to look like.
pub(crate) enum Form {
    /// A whole number within these bounds.
    Count { min: u64, max: u64 },
    /// A duration in a string; `zero` if it may be none.
    Duration { zero: bool },
    /// Cores, as a string or a number.
    Cpu,
    /// An amount of memory, as a string or a number of bytes.
    Memory,
    /// A number that is not negative.
    Number,
    /// One of these words, in a string.
    Word(&'static [&'static str]),
    /// The path of a function.
    Function,
    /// The path of a URL, in a string.
    Path,
    /// Text of a certain form.
    Text { check: fn(&str) -> Result<(), String>, example: &'static str },
    /// Something that is still to come, and what to do instead.
    NotYet(&'static str),
    /// The key alone.
    Flag,
    /// Options in parentheses.
    Section(&'static Table),
}

impl Form {
    /// Reads a value.
    ///
    /// # Errors
    /// At the value, or at the key if there is none.
    pub(super) fn read(&self, key: &Ident, value: Value) -> syn::Result<Given> {
        match (self, value) {
            (Form::NotYet(instead), _) => {
                Err(syn::Error::new(key.span(), format!("`{key}` is not there yet: {instead}")))
            }
            (Form::Flag, Value::Nothing) => Ok(Given::Flag),
            (Form::Section(table), Value::List(tokens)) => section(table, tokens),
            (Form::Flag | Form::Section(_), Value::Assigned(value)) => Err(self.mismatch(key, value.span())),
            (_, Value::Assigned(value)) => self.read_value(key, ungrouped(*value)),
            (_, Value::List(tokens)) => Err(self.mismatch(key, span_of(&tokens, key))),
            (_, Value::Nothing) => Err(self.mismatch(key, key.span())),
        }
    }

    /// Whether options of this form have a certain option inside.
    pub(super) fn has_inside(&self, key: &str) -> bool {
        matches!(self, Form::Section(table) if table.find(key).is_some())
    }

    fn read_value(&self, key: &Ident, value: Expr) -> syn::Result<Given> {
        let span = value.span();
        let at_value = |message: String| syn::Error::new(span, message);
        match (self, literal(&value)) {
            (Form::Count { min, max }, Some(Lit::Int(number))) => count(key, number, *min, *max),
            (Form::Duration { zero }, Some(Lit::Str(text))) => {
                let duration = duration::read(&text.value()).map_err(at_value)?;
                if duration.is_zero() && !zero {
                    return Err(at_value(format!("`{key}` has to be longer than nothing")));
                }
                Ok(Given::Duration(duration))
            }
            (Form::Cpu, Some(quantity)) => {
                amount(quantity, quantity::check_cpu).unwrap_or(Err(self.mismatch(key, span)))
            }
            (Form::Memory, Some(quantity)) => {
                amount(quantity, quantity::check_memory).unwrap_or(Err(self.mismatch(key, span)))
            }
            (Form::Number, Some(Lit::Int(number))) => number.base10_parse().map(Given::Number),
            (Form::Number, Some(Lit::Float(number))) => number.base10_parse().map(Given::Number),
            (Form::Word(words), Some(Lit::Str(text))) => word(words, &text.value()).map(Given::Word).map_err(at_value),
            (Form::Path, Some(Lit::Str(text))) => match path_mistake(&text.value()) {
                Some(mistake) => Err(at_value(format!("`{key}` {mistake}"))),
                None => Ok(Given::Path(text.clone())),
            },
            (Form::Text { check, .. }, Some(Lit::Str(text))) => {
                check(&text.value()).map_err(at_value)?;
                Ok(Given::Literal(text.clone()))
            }
            (Form::Function, None) => function(value).ok_or_else(|| self.mismatch(key, span)),
            _ => Err(self.mismatch(key, span)),
        }
    }

    fn mismatch(&self, key: &Ident, span: Span) -> syn::Error {
        let expected = match self {
            Form::Count { .. } => format!("takes a whole number: `{key} = 8`"),
            Form::Duration { zero: false } => format!("takes a duration: `{key} = \"10s\"`"),
            Form::Duration { zero: true } => format!("takes a duration: `{key} = \"20ms\"`"),
            Form::Cpu => format!("takes cores: `{key} = \"200m\"` or `{key} = 2`"),
            Form::Memory => format!("takes an amount of memory: `{key} = \"512Mi\"`"),
            Form::Number => format!("takes a number: `{key} = 1`"),
            Form::Word(words) => format!("takes one of {}: `{key} = \"{}\"`", words.join(", "), words[0]),
            Form::Function => format!("takes the path of a function: `{key} = Self::{key}`"),
            Form::Path => format!("takes the path of a URL: `{key} = \"/v1/{key}\"`"),
            Form::Text { example, .. } => format!("takes a text: `{key} = \"{example}\"`"),
            Form::NotYet(instead) => format!("is not there yet: {instead}"),
            Form::Flag => "stands alone".to_owned(),
            Form::Section(table) => format!("takes options in parentheses: `{key}({} = ..)`", table.known[0].key),
        };
        syn::Error::new(span, format!("`{key}` {expected}"))
    }
}

fn section(table: &Table, tokens: TokenStream) -> syn::Result<Given> {
    let mut mistakes = Mistakes::default();
    let options = Options::read(tokens, table, &mut mistakes);
    mistakes.into_result().map(|()| Given::Section(options))
}

fn count(key: &Ident, number: &LitInt, min: u64, max: u64) -> syn::Result<Given> {
    let value = number.base10_parse::<u64>()?;
    if value < min {
        return Err(syn::Error::new(number.span(), format!("`{key}` has to be at least {min}")));
    }
    if value > max {
        return Err(syn::Error::new(number.span(), format!("`{key}` can be at most {max}")));
    }
    Ok(Given::Count(value))
}

/// A quantity in a string or as a bare number; `None` if it is neither.
fn amount(literal: &Lit, check: fn(&str) -> Result<(), String>) -> Option<syn::Result<Given>> {
    let text = match literal {
        Lit::Str(text) => text.value(),
        Lit::Int(number) => number.base10_digits().to_owned(),
        Lit::Float(number) => number.base10_digits().to_owned(),
        _ => return None,
    };
    let checked = check(&text).map_err(|message| syn::Error::new(literal.span(), message));
    Some(checked.map(|()| Given::Text(text)))
}

fn word(words: &[&'static str], text: &str) -> Result<&'static str, String> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(word);
    }
    Err(match nearest(text, words) {
        Some(nearest) => format!("there is no `{text}`; did you mean `{nearest}`?"),
        None => format!("there is no `{text}`, only {}", words.join(", ")),
    })
}

/// What keeps a text from being the path of a URL, as it stands in a request.
fn path_mistake(path: &str) -> Option<&'static str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.~!$&'()*+,;=:@".contains(letter);
    if !path.starts_with('/') {
        Some("starts with `/`")
    } else if path.contains(['?', '#']) {
        Some("is a path alone, without a query or a fragment")
    } else if path.contains(['{', '}']) {
        Some("has no variable parts: arguments are in the body")
    } else if !path.chars().all(is_plain) {
        Some("has letters, digits and `-._~!$&'()*+,;=:@` between its slashes, and nothing that a URL would escape")
    } else if path.len() > 1 && (path.contains("//") || path.ends_with('/')) {
        Some("has no empty parts: one slash between two names, and none at the end")
    } else {
        None
    }
}

fn function(value: Expr) -> Option<Given> {
    match value {
        Expr::Path(ExprPath { attrs, qself, path }) if attrs.is_empty() => {
            Some(Given::Function(ExprPath { attrs, qself, path }))
        }
        _ => None,
    }
}

fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        _ => None,
    }
}

/// Without the invisible parentheses that `macro_rules!` puts around what it was given.
fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        value => value,
    }
}

fn span_of(tokens: &TokenStream, key: &Ident) -> Span {
    if tokens.is_empty() { key.span() } else { tokens.to_token_stream().span() }
}
