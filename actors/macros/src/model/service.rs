//! The whole `impl`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Ident, ImplItem, ImplItemFn, ItemImpl, PathArguments, Type};

use super::signature::ungrouped;
use super::{Constructor, Hook, Method, Settings};
use crate::attributes::{Role, conditions, documentation, refuse_rest, take_role};
use crate::mistakes::Mistakes;
use crate::names::snake;

/// A service, as its `impl` and its attribute describe it.
pub(crate) struct Service {
    pub(crate) ty: Type,
    pub(crate) name: Ident,
    /// The type of its client.
    pub(crate) client: Ident,
    /// The module of its messages.
    pub(crate) module: Ident,
    pub(crate) doc: String,
    pub(crate) settings: Settings,
    pub(crate) constructor: Constructor,
    pub(crate) methods: Vec<Method>,
    pub(crate) hooks: Vec<Hook>,
}

/// The methods with a role, as they are found.
#[derive(Default)]
struct Members {
    /// How many have been marked, whether or not they could be read.
    constructors: usize,
    constructor: Option<Constructor>,
    apis: usize,
    methods: Vec<Method>,
    hooks: Vec<Hook>,
}

impl Service {
    /// Reads an `impl` and takes the attributes of `#[service]` off what is inside. All mistakes are noted; there may be
    /// a service even so.
    pub(crate) fn read(options: TokenStream, block: &mut ItemImpl, mistakes: &mut Mistakes) -> Option<Self> {
        let name = mistakes.keep(name(block));
        // On the wrong `impl` everything inside is wrong too: one error says it all.
        let mut hushed = Mistakes::default();
        let mistakes = if name.is_some() { mistakes } else { &mut hushed };
        let settings = Settings::read(options, mistakes);
        let mut members = Members::default();
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && let Some(role) = take_role(method, mistakes)
            {
                members.add(method, &role, &block.self_ty, mistakes);
            }
            refuse_rest(item, mistakes);
        }
        members.check(block, mistakes);
        let name = name?;
        Some(Self {
            ty: (*block.self_ty).clone(),
            client: format_ident!("{name}Client"),
            module: snake(&name),
            name,
            doc: documentation(&block.attrs),
            settings,
            constructor: members.constructor?,
            methods: members.methods,
            hooks: members.hooks,
        })
    }
}

impl Members {
    fn add(&mut self, method: &mut ImplItemFn, role: &Role, service: &Type, mistakes: &mut Mistakes) {
        match role.name {
            "init" => self.add_constructor(method, role, service, mistakes),
            "api" | "task" => {
                self.apis += 1;
                self.methods.extend(Method::read(method, role, mistakes));
            }
            _ => self.add_hook(Hook::read(method, role, mistakes), role, mistakes),
        }
    }

    fn add_constructor(&mut self, method: &mut ImplItemFn, role: &Role, service: &Type, mistakes: &mut Mistakes) {
        self.constructors += 1;
        if self.constructors > 1 {
            mistakes.note(&role.attribute, "a service has one `#[init]` constructor: this is the second");
        }
        let constructor = Constructor::read(method, &role.attribute, service, mistakes);
        self.constructor = self.constructor.take().or(constructor);
    }

    fn add_hook(&mut self, hook: Hook, role: &Role, mistakes: &mut Mistakes) {
        let again = self.hooks.iter().any(|other| other.role() == hook.role() && other.conditions.is_empty());
        if again && hook.conditions.is_empty() {
            mistakes.note(&role.attribute, format!("a service has one `#[{}]` method: this is the second", role.name));
        }
        self.hooks.push(hook);
    }

    fn check(&mut self, block: &ItemImpl, mistakes: &mut Mistakes) {
        if self.constructors == 0 {
            mistakes.note(&block.self_ty, "a service has an `#[init]` constructor: `#[init] fn new() -> Self`");
        }
        if self.apis == 0 {
            mistakes.note(&block.self_ty, "a service has at least one `#[api]` method: there is nothing to call");
        }
        self.check_names(mistakes);
        self.check_routes(mistakes);
    }

    /// Two methods at one path, which may be the name of one of them.
    fn check_routes(&self, mistakes: &mut Mistakes) {
        let name = |method: &Method| method.name.unraw().to_string();
        let methods: Vec<_> = self.methods.iter().filter(|method| conditions(&method.attributes).is_empty()).collect();
        for (index, method) in methods.iter().enumerate() {
            let Some(route) = &method.route else { continue };
            let path = route.value();
            let earlier =
                methods[..index].iter().find(|other| other.route.as_ref().is_some_and(|route| route.value() == path));
            let named =
                || methods.iter().find(|other| other.route.is_none() && path.strip_prefix('/') == Some(&name(other)));
            if let Some(other) = earlier.or_else(named) {
                mistakes.note(route, format!("`{}` is at {path} already", name(other)));
            }
        }
    }

    /// Two methods of one name are rustc's to report; two names that make one message are ours.
    fn check_names(&mut self, mistakes: &mut Mistakes) {
        let mut messages: BTreeMap<String, String> = BTreeMap::new();
        self.methods.retain(|method| {
            if !conditions(&method.attributes).is_empty() {
                return true;
            }
            let name = method.name.to_string();
            match messages.insert(method.message.to_string(), name.clone()) {
                Some(other) if other != name => {
                    let message = format!("`{other}` and `{name}` would have one message, `{}`", method.message);
                    mistakes.add(syn::Error::new(method.span(), message));
                    true
                }
                other => other.is_none(),
            }
        });
    }
}

/// The name of the type, if it is one that can be a service.
fn name(block: &ItemImpl) -> syn::Result<Ident> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(syn::Error::new_spanned(path, "`#[service]` goes on an `impl` of the type alone, not of a trait"));
    }
    let generic = "a service is found by the name of its type: it cannot be generic";
    if !block.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&block.generics.params, generic));
    }
    let Type::Path(path) = ungrouped(&block.self_ty) else {
        return Err(syn::Error::new_spanned(&block.self_ty, "a service is a type with a name"));
    };
    let Some(last) = path.path.segments.last().filter(|_| path.qself.is_none()) else {
        return Err(syn::Error::new_spanned(path, "a service is a type with a name"));
    };
    match &last.arguments {
        PathArguments::None => Ok(last.ident.clone()),
        arguments => Err(syn::Error::new_spanned(arguments, generic)),
    }
}
