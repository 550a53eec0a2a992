//! What holds for the signature of every method with a role.

use syn::{FnArg, GenericParam, PatType, Receiver, Signature, Type};

use crate::mistakes::Mistakes;

/// Checks that a method is as plain as it has to be to be called by generated code.
pub(super) fn check_plain(signature: &Signature, role: &str, mistakes: &mut Mistakes) {
    let role = noun(role);
    if let Some(constness) = &signature.constness {
        mistakes.note(constness, format!("{role} cannot be `const`"));
    }
    if let Some(unsafety) = &signature.unsafety {
        mistakes.note(unsafety, format!("{role} cannot be `unsafe`: the runtime calls it"));
    }
    if let Some(abi) = &signature.abi {
        mistakes.note(abi, format!("{role} has Rust's own calling convention"));
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.note(variadic, format!("{role} has a fixed number of parameters"));
    }
    if let Some(parameter) = signature.generics.params.first() {
        mistakes.note(parameter, generic(parameter, &role));
    }
}

/// Checks that a method takes `&self`.
pub(super) fn check_shared_self(signature: &Signature, role: &str, mistakes: &mut Mistakes) {
    let role = noun(role);
    let why = "calls to one worker interleave, so state that changes is a `Cell` or a `RefCell`";
    match signature.receiver() {
        Some(receiver) if is_shared_self(receiver) => {}
        Some(receiver) => mistakes.note(receiver, format!("{role} takes `&self`: {why}")),
        None => mistakes.note(&signature.ident, format!("{role} takes `&self`: {why}")),
    }
}

/// The parameters beside `self`.
pub(super) fn parameters(signature: &mut Signature) -> impl Iterator<Item = &mut PatType> {
    signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    })
}

/// A method with this role, as a sentence begins.
fn noun(role: &str) -> String {
    match role {
        "init" => "an `#[init]` constructor".to_owned(),
        "api" => "an `#[api]` method".to_owned(),
        "task" => "a `#[task]` method".to_owned(),
        hook => format!("the `#[{hook}]` method"),
    }
}

fn is_shared_self(receiver: &Receiver) -> bool {
    receiver.colon_token.is_none() && receiver.reference.is_some() && receiver.mutability.is_none()
}

fn generic(parameter: &GenericParam, role: &str) -> String {
    let why = match parameter {
        GenericParam::Lifetime(_) => "what it takes and gives is owned",
        GenericParam::Type(_) | GenericParam::Const(_) => "its types are known before anything runs",
    };
    format!("{role} has no generic parameters: {why}")
}

/// A type without the invisible parentheses that `macro_rules!` puts around what it was given.
pub(super) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        ty => ty,
    }
}
