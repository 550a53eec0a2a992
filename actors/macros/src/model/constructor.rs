//! The `#[init]` constructor, whose parameters are what the service depends on.

use proc_macro2::Span;
use syn::{Attribute, Ident, ImplItemFn, LitStr, Meta, PatType, ReturnType, Type};

use super::returned::{blame, result_of};
use super::signature::{check_plain, parameters, ungrouped};
use super::{Depends, argument};
use crate::attributes::{take, take_one};
use crate::mistakes::Mistakes;

/// The `#[init]` constructor.
pub(crate) struct Constructor {
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    /// Whether it returns a `Result`.
    pub(crate) can_fail: bool,
    /// Where errors of what it fails with belong.
    pub(crate) blame: Span,
    pub(crate) parameters: Vec<Parameter>,
}

/// One thing that the service depends on.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// The model of `#[model("name:version")]`.
    pub(crate) model: Option<LitStr>,
    /// What a client is bound to by `#[depends(..)]`.
    pub(crate) depends: Option<Depends>,
}

impl Constructor {
    /// Reads a constructor with its attribute, which has been taken off it.
    pub(super) fn read(
        method: &mut ImplItemFn,
        init: &Attribute,
        service: &Type,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        if !matches!(init.meta, Meta::Path(_)) {
            mistakes.note(init, "`#[init]` has no options: what a service needs are the constructor's parameters");
        }
        let read: Vec<_> = parameters(&mut method.sig).map(|parameter| Parameter::read(parameter, mistakes)).collect();
        check_plain(&method.sig, "init", mistakes);
        if let Some(receiver) = method.sig.receiver() {
            mistakes.note(receiver, "an `#[init]` constructor makes the service: it has no `self` yet");
        }
        let can_fail = mistakes.keep(can_fail(method, service));
        Some(Self {
            name: method.sig.ident.clone(),
            is_async: method.sig.asyncness.is_some(),
            can_fail: can_fail?,
            blame: blame(&method.sig),
            parameters: read.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl Parameter {
    fn read(parameter: &mut PatType, mistakes: &mut Mistakes) -> Option<Self> {
        let model = take_one(&mut parameter.attrs, "model", mistakes);
        let model = model.and_then(|attribute| mistakes.keep(model_name(&attribute)));
        let depends = take_one(&mut parameter.attrs, "depends", mistakes);
        if let (Some(depends), Some(_)) = (&depends, &model) {
            mistakes.note(depends, "a parameter is the files of a `#[model]` or a client that is bound: not both");
        }
        let depends = depends.and_then(|attribute| Depends::read(&attribute, mistakes));
        // Documentation of a parameter is for the reader of the code; rustc allows none.
        take(&mut parameter.attrs, "doc");
        let name = mistakes.keep(argument::name(&parameter.pat, "errors at start name it"));
        Some(Self { name: name?, ty: (*parameter.ty).clone(), model, depends })
    }
}

fn model_name(attribute: &Attribute) -> syn::Result<LitStr> {
    let expected = "a model is named as in the model store: `#[model(\"iris:latest\")]`";
    let name: LitStr = attribute.parse_args().map_err(|error| syn::Error::new(error.span(), expected))?;
    let text = name.value();
    let (model, version) = text.split_once(':').unwrap_or((&text, "latest"));
    let valid = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter == ':' || letter.is_whitespace());
    if valid(model) && valid(version) { Ok(name) } else { Err(syn::Error::new(name.span(), expected)) }
}

/// Whether the constructor returns a `Result`.
fn can_fail(method: &ImplItemFn, service: &Type) -> syn::Result<bool> {
    let expected = "an `#[init]` constructor returns `Self` or `Result<Self>`";
    let ReturnType::Type(_, output) = &method.sig.output else {
        return Err(syn::Error::new(method.sig.ident.span(), expected));
    };
    match result_of(output) {
        Some(made) if is_service(made, service) => Ok(true),
        None if is_service(output, service) => Ok(false),
        _ => Err(syn::Error::new_spanned(output, expected)),
    }
}

fn is_service(ty: &Type, service: &Type) -> bool {
    let ty = ungrouped(ty);
    ty == service || matches!(ty, Type::Path(path) if path.path.is_ident("Self"))
}
