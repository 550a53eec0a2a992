//! Whether a type is one that a message can hold.

use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Type, TypeImplTrait, TypePath, TypeReference};

use super::signature::ungrouped;
use crate::mistakes::Mistakes;

/// Checks a type of an argument or a result: it owns what it holds, and means the same outside of the `impl`.
pub(super) fn check_owned(ty: &Type, what: &'static str, mistakes: &mut Mistakes) {
    // `syn` walks types by `&mut` only, unless one more of its features is compiled.
    Walk { what, mistakes }.visit_type_mut(&mut ty.clone());
}

struct Walk<'a> {
    what: &'static str,
    mistakes: &'a mut Mistakes,
}

impl VisitMut for Walk<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        let instead = match ungrouped(&reference.elem) {
            Type::Path(path) if path.path.is_ident("str") => "write `String`",
            Type::Slice(_) => "write `Vec<..>`",
            _ => "write the type without `&`",
        };
        let message = format!("{} is owned, as it may cross to another process: {instead}", self.what);
        self.mistakes.note(reference.and_token, message);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        // One with a name has been declared, which is a mistake already.
        if lifetime.ident == "_" {
            let message = format!("{} is owned, as it may cross to another process: it has no lifetime", self.what);
            self.mistakes.note(lifetime, message);
        }
    }

    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        let message = format!("{} has one type, known before anything runs: write it instead of `impl`", self.what);
        self.mistakes.note(ty.impl_token, message);
    }

    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        let first = ty.path.segments.first().map(|segment| &segment.ident);
        if ty.qself.is_none() && first.is_some_and(|first| first == "Self") {
            let message = format!("{} is also named outside of this `impl`: write the type's name", self.what);
            self.mistakes.note(&ty.path.segments[0], message);
            return;
        }
        visit_mut::visit_type_path_mut(self, ty);
    }
}
