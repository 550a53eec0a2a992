//! `Service::methods`: how a worker runs each of them.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ExprPath;
use syn::spanned::Spanned;

use super::krate::Krate;
use super::settings::duration;
use super::tensor::spec;
use crate::attributes::conditions;
use crate::model::{Batch, Context, Kind, Method, Service, Task};

/// The statement that adds a method to `table`.
pub(super) fn add(service: &Service, method: &Method, krate: &Krate) -> TokenStream {
    let conditions = conditions(&method.attributes);
    let options = options(method, krate);
    let add = match &method.kind {
        Kind::Unary => unary(service, method, &options, krate),
        Kind::Batch(batch) => batched(service, method, batch, &options, krate),
        Kind::Stream { in_result } => stream(service, method, *in_result, &options, krate),
    };
    quote! { #(#conditions)* #add }
}

fn options(method: &Method, krate: &Krate) -> TokenStream {
    let mut fields = Vec::new();
    let mut set = |field: TokenStream| fields.push(field);
    if !method.doc.is_empty() {
        let doc = &method.doc;
        set(quote! { doc: #doc });
    }
    if method.computes() {
        set(quote! { compute: true });
    }
    if method.idempotent {
        set(quote! { idempotent: true });
    }
    if method.context.is_some() {
        set(quote! { context: true });
    }
    if let Some(version) = method.version {
        let version = Literal::u64_unsuffixed(version);
        set(quote! { version: #version });
    }
    if let Some(route) = &method.route {
        set(quote! { route: ::core::option::Option::Some(#route) });
    }
    if let Some(tensor) = &method.tensor {
        let spec = spec(tensor, krate);
        set(quote! { result: ::core::option::Option::Some(#spec) });
    }
    if let Some(task) = &method.task {
        let task = task_options(task, krate);
        set(quote! { task: ::core::option::Option::Some(#task) });
    }
    quote! { #krate::MethodOptions { #(#fields,)* ..::core::default::Default::default() } }
}

fn task_options(task: &Task, krate: &Krate) -> TokenStream {
    let count = |count: &u64| Literal::u64_unsuffixed(*count).into_token_stream();
    let some = |count: TokenStream| quote! { ::core::option::Option::Some(#count) };
    let set = [
        ("timeout", task.timeout.map(duration)),
        ("retention", task.retention.map(duration)),
        ("concurrency", task.concurrency.as_ref().map(count).map(some)),
        ("max_unfinished", task.max_unfinished.as_ref().map(count)),
    ];
    let fields = set.into_iter().filter_map(|(name, value)| {
        let name = format_ident!("{name}");
        value.map(|value| quote! { #name: #value })
    });
    quote! { #krate::TaskOptions { #(#fields,)* ..::core::default::Default::default() } }
}

fn unary(service: &Service, method: &Method, options: &TokenStream, krate: &Krate) -> TokenStream {
    let (module, message) = (&service.module, &method.message);
    let (binding, arguments) = taken_apart(method, krate);
    let call = awaited(method, &quote! { Self::#arguments });
    quote_spanned! { method.blame =>
        table.unary(#options, |service: ::std::rc::Rc<Self>, #binding: #module::#message| async move { #call });
    }
}

fn stream(service: &Service, method: &Method, in_result: bool, options: &TokenStream, krate: &Krate) -> TokenStream {
    let (binding, arguments) = taken_apart(method, krate);
    let krate = krate.at(method.blame);
    let (module, message) = (&service.module, &method.message);
    let made = awaited(method, &quote! { Self::#arguments });
    let unwrap = in_result.then(|| {
        quote_spanned! { method.blame => let items = items.map_err(::core::convert::Into::<#krate::Failure>::into)?; }
    });
    quote_spanned! { method.blame =>
        table.stream(
            #options,
            |service: ::std::rc::Rc<Self>, #binding: #module::#message, sink: #krate::ItemSink<_>| async move {
                // A name of its own, so that the stream may borrow from the service until it ends.
                let items = #made;
                #unwrap
                sink.send_all(items).await
            },
        );
    }
}

fn batched(service: &Service, method: &Method, batch: &Batch, options: &TokenStream, krate: &Krate) -> TokenStream {
    let (module, message, name) = (&service.module, &method.message, &method.name);
    let fields = method.arguments.iter().map(|argument| &argument.name);
    let batch_options = batch_options(service, method, batch, krate);
    let krate = krate.at(method.blame);
    let replies = awaited(method, &quote! { Self::#name(&service, arguments) });
    let each = if batch.each {
        quote_spanned! { method.blame => |reply| reply.map_err(::core::convert::Into::<#krate::Failure>::into) }
    } else {
        quote! { ::core::result::Result::<_, #krate::Failure>::Ok }
    };
    quote_spanned! { method.blame =>
        table.batch(
            #options,
            #batch_options,
            |service: ::std::rc::Rc<Self>, messages: ::std::vec::Vec<#module::#message>| async move {
                let arguments = messages.into_iter().map(|message| message #(.#fields)*).collect();
                let replies = #replies;
                let replies = replies.map_err(::core::convert::Into::<#krate::Failure>::into)?;
                ::core::result::Result::<_, #krate::Failure>::Ok(replies.into_iter().map(#each).collect())
            },
        );
    }
}

fn batch_options(service: &Service, method: &Method, batch: &Batch, krate: &Krate) -> TokenStream {
    let (module, message) = (&service.module, &method.message);
    let fields: Vec<_> = method.arguments.iter().map(|argument| &argument.name).collect();
    let max_size = Literal::u64_unsuffixed(batch.max_size);
    let max_latency = option(batch.max_latency.map(duration));
    let max_cost = option(batch.max_cost.map(|cost| quote! { #cost }));
    let cost = option(batch.cost.as_ref().map(|cost| {
        // What costs more than a number can say is more than any batch may cost.
        quote_spanned! { at(cost) =>
            |message: &#module::#message| ::core::convert::TryInto::<u64>::try_into(#cost(&message #(.#fields)*))
                .unwrap_or(u64::MAX)
        }
    }));
    let check = option(batch.check.as_ref().map(|check| {
        quote_spanned! { at(check) =>
            |message: &#module::#message| #check(&message #(.#fields)*)
                .map_err(::core::convert::Into::<#krate::Failure>::into)
        }
    }));
    quote! {
        #krate::BatchOptions {
            policy: #krate::BatchPolicy { max_size: #max_size, max_latency: #max_latency, max_cost: #max_cost },
            cost: #cost,
            check: #check,
        }
    }
}

/// The name for the message and the call that uses its fields.
fn taken_apart(method: &Method, krate: &Krate) -> (TokenStream, TokenStream) {
    let name = &method.name;
    let fields = method.arguments.iter().map(|argument| &argument.name);
    let mut parameters: Vec<_> = fields.map(|field| quote! { message.#field }).collect();
    let binding = if parameters.is_empty() {
        quote! { _ }
    } else {
        quote! { message }
    };
    if let Some(Context { position, ty }) = &method.context {
        let krate = krate.at(ty.span().resolved_at(Span::call_site()));
        let context = quote_spanned! { ty.span() => #krate::Context::current() };
        parameters.insert(*position, context);
    }
    (binding, quote! { #name(&service #(, #parameters)*) })
}

fn awaited(method: &Method, call: &TokenStream) -> TokenStream {
    if method.is_async {
        quote! { #call.await }
    } else {
        call.clone()
    }
}

/// Where the path of a function stands.
fn at(path: &ExprPath) -> Span {
    path.span().resolved_at(Span::call_site())
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote! { ::core::option::Option::Some(#value) },
        None => quote! { ::core::option::Option::None },
    }
}
