//! One parameter of an `#[api]` method, which is one field of its message.

use proc_macro2::Span;
use syn::{Attribute, Ident, Pat, PatType, Type};

use super::Tensor;
use super::owned::check_owned;
use crate::attributes::{inherited, take, take_one};
use crate::mistakes::Mistakes;

/// One parameter of an `#[api]` method.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    /// The type in the message: of one item, where the method takes a batch.
    pub(crate) ty: Type,
    /// Its documentation.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) tensor: Option<Tensor>,
    /// Where it says that the body is its value.
    pub(crate) root: Option<Attribute>,
}

/// A parameter whose `#[tensor]` has not been read: its type may still turn out to be that of a batch.
pub(super) struct Undeclared {
    pub(super) argument: Argument,
    pub(super) tensor: Option<Attribute>,
}

impl Undeclared {
    /// Reads a parameter and takes the attributes off it.
    pub(super) fn read(parameter: &mut PatType, mistakes: &mut Mistakes) -> Self {
        let tensor = take_one(&mut parameter.attrs, "tensor", mistakes);
        let root = take_one(&mut parameter.attrs, "root", mistakes);
        if let Some(root) = root.as_ref().filter(|root| root.meta.require_path_only().is_err()) {
            mistakes.note(root, "`#[root]` takes no options");
        }
        let name = mistakes.keep(name(&parameter.pat, "it is a field of the message"));
        check_owned(&parameter.ty, "an argument", mistakes);
        let attributes = inherited(&take(&mut parameter.attrs, "doc"));
        // Without a name there is a mistake, and nothing will be generated.
        let name = name.unwrap_or_else(|| Ident::new("unnamed", Span::call_site()));
        let argument = Argument { name, ty: (*parameter.ty).clone(), attributes, tensor: None, root };
        Self { argument, tensor }
    }

    /// Reads the declaration, now that the type is that of the message's field.
    pub(super) fn declare(self, mistakes: &mut Mistakes) -> Argument {
        let Self { argument, tensor } = self;
        let tensor = tensor.and_then(|attribute| mistakes.keep(Tensor::read(&attribute, &argument.ty)));
        Argument { tensor, ..argument }
    }
}

/// The name of a parameter.
///
/// # Errors
/// At the pattern, if it is more than a name; `why` it has to be.
pub(super) fn name(pattern: &Pat, why: &str) -> syn::Result<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Ok(name.ident.clone()),
        other => Err(syn::Error::new_spanned(other, format!("a parameter has a plain name: {why}"))),
    }
}
