//! Where the runtime is, as seen from the crate that uses the macro.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

/// The path of the crate that re-exports the runtime, such as `::playhouse`.
pub(super) struct Krate {
    name: Ident,
}

impl Krate {
    /// Finds the product, or the runtime alone for crates that it is built of.
    ///
    /// # Errors
    /// When the crate depends on neither.
    pub(super) fn find() -> syn::Result<Self> {
        let found = ["playhouse", "playhouse-actors"].into_iter().find_map(find);
        let name = found.ok_or_else(|| {
            syn::Error::new(Span::call_site(), "`#[service]` needs `playhouse` among the dependencies of this crate")
        })?;
        Ok(Self { name: Ident::new(&name, Span::call_site()) })
    }

    /// The same path, standing somewhere else.
    pub(super) fn at(&self, span: Span) -> Self {
        let mut name = self.name.clone();
        name.set_span(span);
        Self { name }
    }

    /// The path of a crate that the runtime re-exports for generated code, in a string, as derives want it.
    pub(super) fn private(&self, module: &str) -> LitStr {
        LitStr::new(&format!("::{}::__private::{module}", self.name), Span::call_site())
    }

    /// The path of a function of the runtime in a string, as derives want it.
    pub(super) fn function(&self, path: &str) -> LitStr {
        LitStr::new(&format!("::{}::{path}", self.name), Span::call_site())
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = &self.name;
        tokens.extend(quote_spanned! { name.span() => ::#name });
    }
}

fn find(package: &str) -> Option<String> {
    match crate_name(package).ok()? {
        // Both declare themselves by `extern crate self as ..`, so one path is right inside and outside.
        FoundCrate::Itself => Some(package.replace('-', "_")),
        FoundCrate::Name(name) => Some(name),
    }
}
