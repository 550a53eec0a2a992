//! `#[ready]`, `#[alive]` and `#[shutdown]`: what the runtime asks of a worker beside its methods.

use syn::{Attribute, Ident, ImplItemFn, Meta, ReturnType, Type};

use super::signature::{check_plain, check_shared_self, parameters};
use crate::attributes::{Role, conditions};
use crate::mistakes::Mistakes;

/// One hook.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) name: Ident,
    pub(crate) conditions: Vec<Attribute>,
}

/// What a hook is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookKind {
    Ready,
    Alive,
    Shutdown { is_async: bool },
}

impl Hook {
    /// Reads a method whose role is that of a hook.
    pub(super) fn read(method: &mut ImplItemFn, role: &Role, mistakes: &mut Mistakes) -> Self {
        if !matches!(role.attribute.meta, Meta::Path(_)) {
            mistakes.note(&role.attribute, format!("`#[{}]` has no options", role.name));
        }
        check_plain(&method.sig, role.name, mistakes);
        check_shared_self(&method.sig, role.name, mistakes);
        if let Some(parameter) = parameters(&mut method.sig).next() {
            mistakes.note(parameter, format!("the `#[{}]` method takes nothing but `&self`", role.name));
        }
        let kind = match role.name {
            "ready" => HookKind::Ready,
            "alive" => HookKind::Alive,
            _ => HookKind::Shutdown { is_async: method.sig.asyncness.is_some() },
        };
        match kind {
            HookKind::Shutdown { .. } => check_shutdown(method, mistakes),
            HookKind::Ready | HookKind::Alive => check_question(method, role.name, mistakes),
        }
        Self { kind, name: method.sig.ident.clone(), conditions: conditions(&method.attrs) }
    }

    /// The name of the attribute, and of the method of `Service`.
    pub(crate) fn role(&self) -> &'static str {
        match self.kind {
            HookKind::Ready => "ready",
            HookKind::Alive => "alive",
            HookKind::Shutdown { .. } => "shutdown",
        }
    }
}

fn check_question(method: &ImplItemFn, role: &str, mistakes: &mut Mistakes) {
    if let Some(asyncness) = &method.sig.asyncness {
        mistakes.note(asyncness, format!("the `#[{role}]` method answers at once: it cannot be `async`"));
    }
    match &method.sig.output {
        ReturnType::Type(_, ty) if matches!(&**ty, Type::Path(path) if path.path.is_ident("bool")) => {}
        ReturnType::Type(_, ty) => mistakes.note(ty, format!("the `#[{role}]` method returns `bool`")),
        ReturnType::Default => mistakes.note(&method.sig.ident, format!("the `#[{role}]` method returns `bool`")),
    }
}

fn check_shutdown(method: &ImplItemFn, mistakes: &mut Mistakes) {
    match &method.sig.output {
        ReturnType::Default => {}
        ReturnType::Type(_, ty) if matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()) => {}
        ReturnType::Type(_, ty) => {
            mistakes.note(ty, "the `#[shutdown]` method returns nothing: there is nobody left to read it");
        }
    }
}
