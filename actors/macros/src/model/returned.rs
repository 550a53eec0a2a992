//! What an `#[api]` method returns.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{
    AngleBracketedGenericArguments, AssocType, GenericArgument, PathArguments, ReturnType, Signature, Type,
    TypeImplTrait, TypeParamBound,
};

use super::signature::ungrouped;

/// What an `#[api]` method returns, by the look of it.
pub(super) enum Returned {
    /// `Result<T>`: holds `T`.
    Once(Type),
    /// `impl Stream<Item = Result<T>>`: holds `T`. `in_result` if that is inside another `Result`.
    Stream { item: Type, in_result: bool },
}

const EXPECTED: &str = "an `#[api]` method returns `Result<T>`, or `impl Stream<Item = Result<T>>` for many answers";

impl Returned {
    /// Reads a return type.
    ///
    /// # Errors
    /// At the type, or at the method's name if there is none.
    pub(super) fn read(signature: &Signature) -> syn::Result<Self> {
        let ReturnType::Type(_, ty) = &signature.output else {
            return Err(syn::Error::new(signature.ident.span(), EXPECTED));
        };
        if let Type::ImplTrait(stream) = ungrouped(ty) {
            return Ok(Self::Stream { item: item_of(stream)?, in_result: false });
        }
        match result_of(ty).map(ungrouped) {
            Some(Type::ImplTrait(stream)) => Ok(Self::Stream { item: item_of(stream)?, in_result: true }),
            Some(value) => Ok(Self::Once(value.clone())),
            None => Err(syn::Error::new_spanned(ty, EXPECTED)),
        }
    }
}

/// `T` of `Result<T>`, `Result<T, E>`, or another alias whose name ends so.
pub(super) fn result_of(ty: &Type) -> Option<&Type> {
    let (name, arguments) = generic(ty)?;
    let types: Vec<&Type> = arguments.args.iter().filter_map(type_argument).collect();
    match types[..] {
        [value] | [value, _] if name.ends_with("Result") => Some(value),
        _ => None,
    }
}

/// `T` of `Vec<T>`.
pub(super) fn vec_of(ty: &Type) -> Option<&Type> {
    let (name, arguments) = generic(ty)?;
    arguments.args.first().and_then(type_argument).filter(|_| name == "Vec")
}

/// Where to report a type that is no error: at the last name of the return type, which is that of the error if it has one.
pub(super) fn blame(signature: &Signature) -> Span {
    let names = signature.output.to_token_stream().into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.span()),
        _ => None,
    });
    names.last().unwrap_or_else(|| signature.ident.span()).resolved_at(Span::call_site())
}

fn item_of(ty: &TypeImplTrait) -> syn::Result<Type> {
    let item = ty.bounds.iter().find_map(stream_item);
    let item = item.ok_or_else(|| syn::Error::new_spanned(ty, EXPECTED))?;
    let expected = "the items of a stream are `Result<T>`: it can fail at any of them";
    result_of(item).cloned().ok_or_else(|| syn::Error::new_spanned(item, expected))
}

/// `T` of `Stream<Item = T>`.
fn stream_item(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let segment = bound.path.segments.last().filter(|segment| segment.ident == "Stream")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(AssocType { ident, ty, .. }) if ident == "Item" => Some(ty),
        _ => None,
    })
}

/// The name and the arguments of the last segment of a path.
fn generic(ty: &Type) -> Option<(String, &AngleBracketedGenericArguments)> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let segment = path.path.segments.last()?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some((segment.ident.to_string(), arguments)),
        _ => None,
    }
}

fn type_argument(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
