//! What is written beside an `impl`: the messages, the client, and the implementation of `Service`.

mod client;
mod krate;
mod message;
mod methods;
mod moved_type;
mod service;
mod settings;
mod stand_in;
mod tensor;

use proc_macro2::TokenStream;
use quote::quote;

use self::krate::Krate;
pub(crate) use self::stand_in::stand_in;
use crate::model::Service;

/// Writes everything that a service needs beside its `impl`.
///
/// # Errors
/// When the crate of the runtime is not among the dependencies.
pub(crate) fn generate(service: &Service) -> syn::Result<TokenStream> {
    let krate = Krate::find()?;
    let messages = message::module(service, &krate);
    let message_impls = message::implementations(service, &krate);
    let client = client::client(service, &krate);
    let implementation = service::implementation(service, &krate);
    Ok(quote! {
        #messages
        #message_impls
        #client
        #implementation
    })
}
