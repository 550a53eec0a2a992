//! What stands in for the generated code of an `impl` with a mistake: enough that other code finds its names.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{ItemImpl, Type};

use super::client::traits;
use super::krate::Krate;

/// A service that can do nothing, and a client without methods. It is never run: there is an error beside it. Nothing
/// where not even the name of the service is clear.
pub(crate) fn stand_in(block: &ItemImpl) -> Option<TokenStream> {
    let Type::Path(ty) = &*block.self_ty else { return None };
    let name = ty.path.get_ident()?;
    if block.trait_.is_some() || !block.generics.params.is_empty() {
        return None;
    }
    let krate = Krate::find().ok()?;
    let client = format_ident!("{}Client", name.unraw());
    let traits = traits(&client, name, &block.self_ty, &krate);
    Some(quote! {
        #[allow(missing_docs, dead_code, unreachable_pub)]
        #[derive(::core::clone::Clone)]
        pub struct #client(#krate::Client);

        #traits

        #[automatically_derived]
        impl #krate::Service for #name {
            const NAME: &'static str = "";
            const DOC: &'static str = "";

            fn settings() -> #krate::Settings {
                ::core::default::Default::default()
            }

            fn requirements() -> ::std::vec::Vec<#krate::Requirement> {
                ::std::vec::Vec::new()
            }

            fn methods(_: &mut #krate::Methods<Self>) {}

            async fn init(_: &#krate::InitContext) -> ::core::result::Result<Self, #krate::Failure> {
                ::core::panic!("there was a mistake in the service")
            }
        }
    })
}
