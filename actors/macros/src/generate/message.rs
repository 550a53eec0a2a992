//! The module of messages: one struct for each method, with its arguments as fields.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::krate::Krate;
use super::moved_type::moved;
use super::tensor::spec;
use crate::attributes::conditions;
use crate::model::{Argument, Kind, Method, Service};

/// The module with the messages of all methods.
pub(super) fn module(service: &Service, krate: &Krate) -> TokenStream {
    let Service { module, name, .. } = service;
    let hidden: Vec<&Ident> = service.methods.iter().map(|method| &method.message).collect();
    let structs = service.methods.iter().map(|method| structure(method, &hidden, krate));
    let doc = format!("The messages of `{name}`: the arguments of each method as a value.");
    quote! {
        #[doc = #doc]
        #[allow(missing_docs, dead_code, deprecated, private_interfaces, unreachable_pub, unused_imports)]
        pub mod #module {
            use super::*;
            #(#structs)*
        }
    }
}

/// What the messages implement. It stands beside the `impl`, so that types mean what they mean there.
pub(super) fn implementations(service: &Service, krate: &Krate) -> TokenStream {
    let all = service.methods.iter().map(|method| {
        let message = message(service, method, krate);
        let values = value_impls(service, method);
        quote! { #message #values }
    });
    quote! { #(#all)* }
}

fn structure(method: &Method, hidden: &[&Ident], krate: &Krate) -> TokenStream {
    let Method { message, attributes, arguments, .. } = method;
    let (serde, schemars) = (krate.private("serde"), krate.private("schemars"));
    let conditions = conditions(attributes);
    let bound = bound(arguments, hidden, krate);
    let fields = arguments.iter().map(|argument| field(method, argument, hidden, krate));
    let schemas = arguments.iter().filter_map(|argument| {
        let schema = schema(method, argument, krate)?;
        Some(quote! { #(#conditions)* #schema })
    });
    // What takes the body itself is written as its only field.
    let form = if method.root {
        quote! { transparent }
    } else {
        quote! { deny_unknown_fields }
    };
    let transparent = method.root.then(|| quote! { transparent, });
    quote! {
        #(#attributes)*
        #[derive(
            #krate::__private::serde::Serialize,
            #krate::__private::serde::Deserialize,
            #krate::__private::schemars::JsonSchema,
        )]
        #[serde(crate = #serde, #form, bound = #bound)]
        #[schemars(crate = #schemars, #transparent bound = #bound)]
        pub struct #message { #(#fields),* }
        #(#schemas)*
    }
}

/// What the derived traits ask of the arguments. Derived code that may rely on it has no errors of its own: a type that
/// cannot travel is then reported once, where the struct has to be a message, and not by each line that uses it.
///
/// A bound that names no parameter would have to hold at once; `for<'a>` defers it to who uses the impl.
fn bound(arguments: &[Argument], hidden: &[&Ident], krate: &Krate) -> String {
    let bounds = arguments.iter().map(|Argument { ty, .. }| {
        let ty = moved(ty, hidden);
        quote! { for<'a> #ty: #krate::Value }
    });
    quote! { #(#bounds),* }.to_string()
}

fn field(method: &Method, argument: &Argument, hidden: &[&Ident], krate: &Krate) -> TokenStream {
    let Argument { name, ty, attributes, tensor, .. } = argument;
    let ty = moved(ty, hidden);
    let declared = tensor.as_ref().map(|tensor| {
        let read = krate.function(&format!("tensor::de::{}", tensor.dtype));
        let schema = schema_name(method, argument).to_string();
        quote! { #[serde(deserialize_with = #read)] #[schemars(schema_with = #schema)] }
    });
    quote! { #(#attributes)* #declared pub #name: #ty }
}

/// The function that describes a declared tensor.
fn schema(method: &Method, argument: &Argument, krate: &Krate) -> Option<TokenStream> {
    let spec = spec(argument.tensor.as_ref()?, krate);
    let name = schema_name(method, argument);
    Some(quote! {
        fn #name(_: &mut #krate::__private::schemars::SchemaGenerator) -> #krate::__private::schemars::Schema {
            #spec.json_schema()
        }
    })
}

fn schema_name(method: &Method, argument: &Argument) -> Ident {
    format_ident!("{}_{}_schema", method.name.unraw(), argument.name.unraw())
}

fn message(service: &Service, method: &Method, krate: &Krate) -> TokenStream {
    let Method { reply, attributes, .. } = method;
    let conditions = conditions(attributes);
    let (service_name, method_name) = (service.name.unraw().to_string(), method.name.unraw().to_string());
    let kind = match method.kind {
        Kind::Unary | Kind::Batch(_) => quote! { Unary },
        Kind::Stream { .. } => quote! { Streaming },
    };
    // At the type, where rustc then reports what keeps it from being a reply.
    let reply = quote_spanned! { reply.span() => type Reply = #reply; };
    let path = message_path(service, method);
    let check = check(method, krate);
    let only = only(method, krate);
    let root = method.root.then(|| quote! { const ROOT: bool = true; });
    let version = method.version.map(|version| {
        let version = Literal::u64_unsuffixed(version);
        quote! { const VERSION: u32 = #version; }
    });
    let read_reply = read_reply(method, krate);
    quote! {
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::Message for #path {
            const SERVICE: &'static str = #service_name;
            const METHOD: &'static str = #method_name;
            #version
            #root
            #reply
            #check
            #only
            #read_reply
        }
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::#kind for #path {}
    }
}

/// The path of a message, standing where its arguments' types do: rustc reports there what keeps one from travelling.
fn message_path(service: &Service, method: &Method) -> TokenStream {
    let (mut module, mut message) = (service.module.clone(), method.message.clone());
    let mut types = method.arguments.iter().flat_map(|argument| argument.ty.to_token_stream());
    if let Some(first) = types.next() {
        let last = types.last().unwrap_or_else(|| first.clone());
        module.set_span(first.span().resolved_at(Span::call_site()));
        message.set_span(last.span().resolved_at(Span::call_site()));
    }
    quote! { #module::#message }
}

/// Checks the declared tensors among the arguments.
fn check(method: &Method, krate: &Krate) -> Option<TokenStream> {
    let declared = method.arguments.iter().filter_map(|argument| {
        let spec = spec(argument.tensor.as_ref()?, krate);
        let (name, text) = (&argument.name, argument.name.unraw().to_string());
        Some(quote! {
            #spec.check(&self.#name)
                .map_err(|error| #krate::Error::rejected(#text, ::std::string::ToString::to_string(&error)))?;
        })
    });
    let checks: Vec<TokenStream> = declared.collect();
    (!checks.is_empty()).then(|| {
        quote! {
            fn check(&self) -> #krate::CallResult<()> {
                #(#checks)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

/// What a message of a single argument says of it, and how it is made of that as it is in memory.
fn only(method: &Method, krate: &Krate) -> Option<TokenStream> {
    let [Argument { name, .. }] = &method.arguments[..] else { return None };
    let text = name.unraw().to_string();
    Some(quote! {
        const ONLY: ::core::option::Option<&'static str> = ::core::option::Option::Some(#text);

        fn from_raw(raw: #krate::Raw) -> ::core::result::Result<Self, #krate::Raw> {
            raw.exactly().map(|#name| Self { #name })
        }
    })
}

/// Reads a declared tensor as what it is declared to be.
fn read_reply(method: &Method, krate: &Krate) -> Option<TokenStream> {
    let spec = spec(method.tensor.as_ref()?, krate);
    Some(quote! {
        fn read_reply(reply: &#krate::Encoded) -> #krate::CallResult<#krate::Tensor> {
            reply.decode_declared(&#spec)
        }
    })
}

/// `Clone` and `Debug`, where all arguments have them: not everything that can be sent does.
fn value_impls(service: &Service, method: &Method) -> TokenStream {
    let (module, Method { message, arguments, attributes, .. }) = (&service.module, method);
    let conditions = conditions(attributes);
    let names: Vec<_> = arguments.iter().map(|argument| &argument.name).collect();
    let types: Vec<_> = arguments.iter().map(|argument| &argument.ty).collect();
    let message_text = message.unraw().to_string();
    let texts = names.iter().map(|name| name.unraw().to_string());
    // Deferred as in `bound`.
    quote! {
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::clone::Clone for #module::#message where #(for<'a> #types: ::core::clone::Clone),* {
            fn clone(&self) -> Self {
                Self { #(#names: ::core::clone::Clone::clone(&self.#names)),* }
            }
        }
        #(#conditions)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::fmt::Debug for #module::#message where #(for<'a> #types: ::core::fmt::Debug),* {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#message_text)#(.field(#texts, &self.#names))*.finish()
            }
        }
    }
}
