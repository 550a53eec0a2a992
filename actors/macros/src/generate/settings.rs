//! `Service::settings`.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::krate::Krate;
use crate::model::{Section, Settings};
use crate::names::upper_camel;
use crate::options::Given;

/// The expression for what the attribute sets.
pub(super) fn settings(settings: &Settings, krate: &Krate) -> TokenStream {
    structure("Settings", settings.fields(), krate)
}

/// The expression for a duration.
pub(super) fn duration(duration: Duration) -> TokenStream {
    match u64::try_from(duration.as_millis()) {
        Ok(millis) if Duration::from_millis(millis) == duration => {
            let millis = Literal::u64_unsuffixed(millis);
            quote! { ::core::time::Duration::from_millis(#millis) }
        }
        _ => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            quote! { ::core::time::Duration::new(#seconds, #nanos) }
        }
    }
}

fn structure<'a>(name: &str, fields: impl Iterator<Item = &'a (&'static str, Given)>, krate: &Krate) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    let fields: Vec<TokenStream> = fields.map(|(key, given)| field(key, given, krate)).collect();
    if fields.is_empty() {
        return quote! { <#krate::#name as ::core::default::Default>::default() };
    }
    quote! { #krate::#name { #(#fields,)* ..::core::default::Default::default() } }
}

fn field(key: &str, given: &Given, krate: &Krate) -> TokenStream {
    let name = format_ident!("{key}");
    if let Given::Section(options) = given {
        let Section { name: structure_name, options } = Section::new(key, options);
        let section = structure(structure_name, options.iter(), krate);
        return quote! { #name: #section };
    }
    let value = value(given, krate);
    quote! { #name: ::core::option::Option::Some(#value) }
}

fn value(given: &Given, krate: &Krate) -> TokenStream {
    match given {
        Given::Count(count) => {
            let count = Literal::u64_unsuffixed(*count);
            quote! { #count }
        }
        Given::Duration(value) => duration(*value),
        Given::Text(text) => quote! { ::core::convert::From::from(#text) },
        Given::Literal(text) => quote! { #text },
        Given::Number(number) => quote! { #number },
        Given::Word(word) => {
            let variant = upper_camel(&format_ident!("{word}"));
            quote! { #krate::RestartPolicy::#variant }
        }
        Given::Function(path) => quote! { #path },
        Given::Path(path) => quote! { #path },
        Given::Flag | Given::Section(_) => quote! { true },
    }
}
