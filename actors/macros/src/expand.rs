//! From tokens to tokens: reads a model of the service, and writes what it says.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Item, ItemImpl};

use crate::generate::{generate, stand_in};
use crate::mistakes::Mistakes;
use crate::model::Service;

/// Expands `#[service(options)] item`.
///
/// The `impl` itself is emitted whatever is wrong, so that a mistake does not make its methods unknown elsewhere, and
/// with it what keeps rustc from saying that the type is no service and has no client. All else that is generated is left
/// out: it would only repeat the mistake in other words.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut block = match parse(item.clone()) {
        Ok(block) => block,
        Err(error) => return with_error(item, &error),
    };
    let mut mistakes = Mistakes::default();
    let service = Service::read(options, &mut block, &mut mistakes);
    let generated = mistakes.into_result().and_then(|()| service.map(|service| generate(&service)).transpose());
    match generated {
        Ok(generated) => quote! { #block #generated },
        Err(error) => {
            let stand_in = stand_in(&block);
            with_error(quote! { #block #stand_in }, &error)
        }
    }
}

fn parse(item: TokenStream) -> syn::Result<ItemImpl> {
    match syn::parse2::<Item>(item)? {
        Item::Impl(block) => Ok(block),
        _ => Err(syn::Error::new(Span::call_site(), "`#[service]` goes on an `impl Foo { .. }` block")),
    }
}

fn with_error(item: TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    quote! { #item #error }
}
