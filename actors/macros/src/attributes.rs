//! The attributes inside the `impl` that belong to `#[service]`: read, and taken off what is emitted.

use syn::{Attribute, Expr, ExprLit, FnArg, ImplItem, ImplItemFn, Lit, Meta, Signature};

use crate::mistakes::Mistakes;

/// What marks a method.
const ON_METHODS: [&str; 6] = ["init", "api", "task", "ready", "alive", "shutdown"];

/// What an attribute makes of a method.
pub(crate) struct Role {
    /// `init`, `api`, `task`, `ready`, `alive` or `shutdown`.
    pub(crate) name: &'static str,
    pub(crate) attribute: Attribute,
}

/// Takes the role off a method. A second one is a mistake.
pub(crate) fn take_role(method: &mut ImplItemFn, mistakes: &mut Mistakes) -> Option<Role> {
    let mut roles = ON_METHODS.into_iter().flat_map(|name| {
        let taken = take(&mut method.attrs, name);
        taken.into_iter().map(move |attribute| Role { name, attribute }).collect::<Vec<_>>()
    });
    let role = roles.next()?;
    for other in roles {
        let message = format!("a method has one role: this one is `#[{}]` already", role.name);
        mistakes.note(&other.attribute, message);
    }
    Some(role)
}

/// Takes all attributes of one name.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attributes.extract_if(.., |attribute| attribute.path().is_ident(name)).collect()
}

/// Takes the attribute of a name that may be there once.
pub(crate) fn take_one(attributes: &mut Vec<Attribute>, name: &str, mistakes: &mut Mistakes) -> Option<Attribute> {
    let mut taken = take(attributes, name).into_iter();
    let first = taken.next();
    for again in taken {
        mistakes.note(again, format!("`#[{name}]` is given twice"));
    }
    first
}

/// Takes what nobody asked for off an item and notes it: left there, rustc would call it unknown.
pub(crate) fn refuse_rest(item: &mut ImplItem, mistakes: &mut Mistakes) {
    match item {
        ImplItem::Fn(method) => refuse_rest_of_method(method, mistakes),
        ImplItem::Const(item) => refuse(&mut item.attrs, &ON_METHODS, "goes on a method", mistakes),
        ImplItem::Type(item) => refuse(&mut item.attrs, &ON_METHODS, "goes on a method", mistakes),
        _ => {}
    }
}

fn refuse_rest_of_method(method: &mut ImplItemFn, mistakes: &mut Mistakes) {
    refuse(&mut method.attrs, &["model", "depends"], "goes on a parameter of the `#[init]` constructor", mistakes);
    refuse(&mut method.attrs, &["tensor"], "goes on an `#[api]` method or on one of its parameters", mistakes);
    refuse(&mut method.attrs, &["root"], "goes on the only parameter of an `#[api]` method", mistakes);
    for attributes in parameter_attributes(&mut method.sig) {
        refuse(attributes, &["model", "depends"], "goes on a parameter of the `#[init]` constructor", mistakes);
        refuse(attributes, &["tensor"], "goes on an `#[api]` method or on one of its parameters", mistakes);
        refuse(attributes, &["root"], "goes on the only parameter of an `#[api]` method", mistakes);
        refuse(attributes, &ON_METHODS, "goes on a method", mistakes);
    }
}

fn refuse(attributes: &mut Vec<Attribute>, names: &[&str], place: &str, mistakes: &mut Mistakes) {
    for name in names {
        for attribute in take(attributes, name) {
            mistakes.note(attribute, format!("`#[{name}]` {place}"));
        }
    }
}

fn parameter_attributes(signature: &mut Signature) -> impl Iterator<Item = &mut Vec<Attribute>> {
    signature.inputs.iter_mut().map(|input| match input {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(parameter) => &mut parameter.attrs,
    })
}

/// Those attributes that also hold for what is generated from an item: its documentation, and whether it is there.
pub(crate) fn inherited(attributes: &[Attribute]) -> Vec<Attribute> {
    let inherited = ["doc", "cfg", "deprecated"];
    attributes
        .iter()
        .filter(|attribute| inherited.iter().any(|name| attribute.path().is_ident(name)))
        .cloned()
        .collect()
}

/// The conditions among attributes.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// The text of doc comments, without the space after their slashes.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(doc_line);
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(assigned) if assigned.path.is_ident("doc") => match &assigned.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    }
}
