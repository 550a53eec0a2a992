//! The implementation of `Service`.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::krate::Krate;
use super::methods::add;
use super::settings::settings;
use crate::model::{Constructor, Depends, Hook, HookKind, Parameter, Service};

/// The implementation of `Service`.
pub(super) fn implementation(service: &Service, krate: &Krate) -> TokenStream {
    let Service { ty, name, doc, constructor, .. } = service;
    let name = name.unraw().to_string();
    let settings = settings(&service.settings, krate);
    let requirements = constructor.parameters.iter().map(|parameter| requirement(parameter, krate));
    let methods = service.methods.iter().map(|method| add(service, method, krate));
    let init = init(constructor, krate);
    let asked = service.hooks.iter().any(|hook| matches!(hook.kind, HookKind::Ready | HookKind::Alive));
    let health = asked.then(|| quote! { const HAS_HEALTH_HOOKS: bool = true; });
    let hooks = service.hooks.iter().map(hook);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, clippy::needless_update)]
        impl #krate::Service for #ty {
            const NAME: &'static str = #name;
            const DOC: &'static str = #doc;
            #health

            fn settings() -> #krate::Settings {
                #settings
            }

            fn requirements() -> ::std::vec::Vec<#krate::Requirement> {
                ::std::vec![#(#requirements),*]
            }

            fn methods(table: &mut #krate::Methods<Self>) {
                #(#methods)*
            }

            #init
            #(#hooks)*
        }
    }
}

fn requirement(parameter: &Parameter, krate: &Krate) -> TokenStream {
    let Parameter { name, ty, model, depends } = parameter;
    let name = name.unraw().to_string();
    if let Some(Depends { url, token }) = depends {
        let interface = quote_spanned! { ty.span() => <#ty as #krate::Depends>::interface() };
        let token = optional(token.as_ref());
        let kind = quote! { #krate::RequirementKind::Url { interface: #interface, url: #url, token: #token } };
        return quote! { #krate::Requirement { parameter: #name, kind: #kind } };
    }
    let argument = optional(model.as_ref());
    let kind = quote_spanned! { ty.span() => <#ty as #krate::Inject>::requirement(#argument) };
    quote! { #krate::Requirement { parameter: #name, kind: #kind } }
}

fn optional(value: Option<&impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { ::core::option::Option::Some(#value) },
        None => quote! { ::core::option::Option::None },
    }
}

fn init(constructor: &Constructor, krate: &Krate) -> TokenStream {
    let name = &constructor.name;
    let parameters = constructor.parameters.iter().enumerate().map(|(index, parameter)| {
        let Parameter { name, ty, depends, .. } = parameter;
        if depends.is_some() {
            let name = name.unraw().to_string();
            return quote_spanned! { ty.span() => context.bound::<#ty>(#name)? };
        }
        let index = Literal::usize_unsuffixed(index);
        quote_spanned! { ty.span() => <#ty as #krate::Inject>::inject(context, &requirements[#index]).await? }
    });
    let injects = constructor.parameters.iter().any(|parameter| parameter.depends.is_none());
    let requirements = injects.then(|| {
        quote! { let requirements = <Self as #krate::Service>::requirements(); }
    });
    let context = if constructor.parameters.is_empty() {
        quote! { _ }
    } else {
        quote! { context }
    };
    let awaited = constructor.is_async.then(|| quote! { .await });
    let made = quote! { Self::#name(#(#parameters),*)#awaited };
    let result = if constructor.can_fail {
        quote_spanned! { constructor.blame => made.map_err(::core::convert::Into::into) }
    } else {
        quote! { ::core::result::Result::Ok(made) }
    };
    quote! {
        async fn init(#context: &#krate::InitContext) -> ::core::result::Result<Self, #krate::Failure> {
            #requirements
            let made = #made;
            #result
        }
    }
}

fn hook(hook: &Hook) -> TokenStream {
    let Hook { kind, name, conditions } = hook;
    let method = match kind {
        HookKind::Ready => quote! { fn ready(&self) -> bool { Self::#name(self) } },
        HookKind::Alive => quote! { fn alive(&self) -> bool { Self::#name(self) } },
        HookKind::Shutdown { is_async: true } => quote! { async fn shutdown(&self) { Self::#name(self).await } },
        HookKind::Shutdown { is_async: false } => quote! { async fn shutdown(&self) { Self::#name(self) } },
    };
    quote! { #(#conditions)* #method }
}
