//! The parameter of an `#[api]` method that is no argument: the context of the request.

use syn::{PatType, PathArguments, Type};

use super::signature::ungrouped;
use crate::attributes::take;
use crate::mistakes::Mistakes;

/// Where a method takes the context of the request.
pub(crate) struct Context {
    /// Its place among the parameters, `self` not counted.
    pub(crate) position: usize,
    pub(crate) ty: Type,
}

impl Context {
    /// Whether this is the type of contexts. Goes by the name, like that of tensors; a wrong guess is an error of types
    /// where the name stands.
    pub(super) fn is_type(ty: &Type) -> bool {
        let Type::Path(path) = ungrouped(ty) else { return false };
        let last = path.path.segments.last();
        last.is_some_and(|last| last.ident == "Context" && matches!(last.arguments, PathArguments::None))
    }

    /// Reads a parameter of that type and takes its documentation off it, which nobody will see.
    pub(super) fn read(position: usize, parameter: &mut PatType, mistakes: &mut Mistakes) -> Self {
        take(&mut parameter.attrs, "doc");
        for attribute in take(&mut parameter.attrs, "tensor") {
            mistakes.note(attribute, "a `Context` is no argument: nothing can be declared about it");
        }
        Self { position, ty: (*parameter.ty).clone() }
    }
}
