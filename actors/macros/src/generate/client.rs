//! The client: a method for each method of the service.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;
use syn::ext::IdentExt;

use super::krate::Krate;
use crate::model::{Kind, Method, Service};

/// The client and its traits.
pub(super) fn client(service: &Service, krate: &Krate) -> TokenStream {
    let Service { client, name, .. } = service;
    let doc = format!("Calls `{name}`, wherever its replicas are. Cheap to clone.");
    let methods = service.methods.iter().map(|api| method(service, api, krate));
    let traits = traits(client, name, &service.ty, krate);
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone)]
        #[allow(dead_code, unreachable_pub)]
        pub struct #client(#krate::Client);

        #[allow(missing_docs, dead_code, deprecated, private_interfaces, unreachable_pub)]
        #[allow(clippy::missing_errors_doc, clippy::too_many_arguments)]
        impl #client {
            /// The client underneath, which sends messages as values.
            #[must_use]
            pub fn client(&self) -> &#krate::Client {
                &self.0
            }

            /// A client whose calls have this timeout instead of the service's own.
            #[must_use]
            pub fn with_timeout(&self, timeout: ::core::time::Duration) -> Self {
                Self(self.0.with_timeout(timeout))
            }

            /// A client whose calls go to the replica that this key leads to, as long as that is there and has no more
            /// than its share to do.
            #[must_use]
            pub fn with_affinity(&self, key: impl ::core::convert::AsRef<[u8]>) -> Self {
                Self(self.0.with_affinity(key))
            }

            #(#methods)*
        }

        #traits
    }
}

fn method(service: &Service, method: &Method, krate: &Krate) -> TokenStream {
    let Method { name, message, attributes, arguments, reply, .. } = method;
    let module = &service.module;
    let names: Vec<_> = arguments.iter().map(|argument| &argument.name).collect();
    let types = arguments.iter().map(|argument| &argument.ty);
    let (send, answer) = match method.kind {
        Kind::Unary | Kind::Batch(_) => (quote! { call }, quote! { #reply }),
        Kind::Stream { .. } => (quote! { stream }, quote! { #krate::Items<#reply> }),
    };
    quote! {
        #(#attributes)*
        pub async fn #name(&self, #(#names: #types),*) -> #krate::CallResult<#answer> {
            self.0.#send(#module::#message { #(#names),* }).await
        }
    }
}

/// What makes a client one that can be asked for.
pub(super) fn traits(client: &Ident, service: &Ident, ty: &Type, krate: &Krate) -> TokenStream {
    let name = service.unraw().to_string();
    quote! {
        #[automatically_derived]
        impl ::core::convert::From<#krate::Client> for #client {
            fn from(client: #krate::Client) -> Self {
                Self(client)
            }
        }

        #[automatically_derived]
        impl #krate::ServiceClient for #client {
            const SERVICE: &'static str = #name;

            fn description() -> ::core::option::Option<#krate::ServiceDescription> {
                ::core::option::Option::Some(#krate::Definition::of::<#ty>().description().clone())
            }
        }

        #[automatically_derived]
        impl #krate::Inject for #client {
            fn requirement(_: ::core::option::Option<&'static str>) -> #krate::RequirementKind {
                #krate::RequirementKind::Service(#name)
            }

            async fn inject(context: &#krate::InitContext, _: &#krate::Requirement) -> #krate::Result<Self> {
                context.client(#name).map(Self)
            }
        }
    }
}
