//! The options of an attribute: `key`, `key = value` and `key(..)`, separated by commas.

mod duration;
mod form;
mod given;
mod quantity;

pub(crate) use self::form::Form;
pub(crate) use self::given::Given;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Meta, Token, parenthesized, token};

use crate::mistakes::Mistakes;
use crate::names::nearest;

/// One option that an attribute knows.
pub(crate) struct Known {
    pub(crate) key: &'static str,
    pub(crate) form: Form,
}

/// All options that an attribute knows.
pub(crate) struct Table {
    /// The attribute, as it is written.
    pub(crate) attribute: &'static str,
    pub(crate) known: &'static [Known],
}

/// The options that were given, each of them known and given once.
pub(crate) struct Options(Vec<(&'static str, Given)>);

/// An option as it was written.
struct Written {
    key: Ident,
    value: Value,
}

/// What follows the key of an option.
enum Value {
    Nothing,
    Assigned(Box<Expr>),
    List(TokenStream),
}

impl Options {
    /// Reads the inside of an attribute's parentheses.
    pub(crate) fn read(tokens: TokenStream, table: &Table, mistakes: &mut Mistakes) -> Self {
        let parser = Punctuated::<Written, Token![,]>::parse_terminated;
        let written = mistakes.keep(parser.parse2(tokens)).unwrap_or_default();
        let mut options = Self(Vec::new());
        for Written { key, value } in written {
            if let Some(given) = mistakes.keep(options.accept(&key, value, table)) {
                options.0.push(given);
            }
        }
        options
    }

    /// Reads the options of `#[name]` or `#[name(..)]`.
    pub(crate) fn of(meta: &Meta, table: &Table, mistakes: &mut Mistakes) -> Self {
        let tokens = match meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(assigned) => {
                mistakes.note(assigned.eq_token, format!("options of `{}` stand in parentheses", table.attribute));
                TokenStream::new()
            }
        };
        Self::read(tokens, table, mistakes)
    }

    /// What was given for an option, if it was.
    pub(crate) fn get(&self, key: &str) -> Option<&Given> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, given)| given)
    }

    /// Whether an option was given.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// All that were given, in the order in which they were.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'static str, Given)> {
        self.0.iter()
    }

    fn accept(&self, key: &Ident, value: Value, table: &Table) -> syn::Result<(&'static str, Given)> {
        let name = key.unraw().to_string();
        let known = table.find(&name).ok_or_else(|| syn::Error::new(key.span(), table.unknown(&name)))?;
        if self.has(known.key) {
            return Err(syn::Error::new(key.span(), format!("`{name}` is given twice")));
        }
        Ok((known.key, known.form.read(key, value)?))
    }
}

impl Table {
    fn find(&self, key: &str) -> Option<&'static Known> {
        self.known.iter().find(|known| known.key == key)
    }

    fn unknown(&self, key: &str) -> String {
        let unknown = format!("`{}` has no option `{key}`", self.attribute);
        let keys: Vec<&str> = self.known.iter().map(|known| known.key).collect();
        if let Some(section) = self.known.iter().find(|known| known.form.has_inside(key)) {
            return format!("{unknown}: it belongs inside `{}(..)`", section.key);
        }
        match nearest(key, &keys) {
            Some(nearest) => format!("{unknown}; did you mean `{nearest}`?"),
            None if keys.is_empty() => format!("{unknown}: it takes none"),
            None => format!("{unknown}; it takes {}", keys.join(", ")),
        }
    }
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            Value::List(content.parse()?)
        } else if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Assigned(Box::new(input.parse()?))
        } else {
            Value::Nothing
        };
        Ok(Self { key, value })
    }
}
