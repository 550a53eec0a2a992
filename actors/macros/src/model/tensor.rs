//! `#[tensor(f32, [_, 4])]`: the declared dtype and shape of an argument or a result.

use proc_macro2::Span;
use quote::format_ident;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitInt, Meta, Token, Type, bracketed, token};

use super::signature::ungrouped;
use crate::names::nearest;

const DTYPES: [&str; 7] = ["f32", "f64", "f16", "bf16", "i64", "u32", "u8"];
/// As in the runtime, where it bounds the recursion over nested lists.
const RANK_MAX: usize = 8;

/// A declared dtype and shape.
pub(crate) struct Tensor {
    /// As it is written in Rust and in JSON, such as `f32`.
    pub(crate) dtype: Ident,
    /// Each dimension, outermost first; `None` has any length.
    pub(crate) shape: Vec<Option<usize>>,
}

impl Tensor {
    /// Reads the attribute of something that has this type.
    ///
    /// # Errors
    /// At the token at fault.
    pub(super) fn read(attribute: &Attribute, ty: &Type) -> syn::Result<Self> {
        let Meta::List(list) = &attribute.meta else { return Err(written_as(attribute.span())) };
        let tensor: Self = list.parse_args()?;
        if !Self::is_type(ty) {
            return Err(syn::Error::new_spanned(
                attribute,
                "`#[tensor(..)]` declares the dtype and shape of a `Tensor`",
            ));
        }
        Ok(tensor)
    }

    /// Whether this is the type of tensors. Goes by the name, as what it refers to is not known yet; a wrong guess is an
    /// error of types where the name stands.
    pub(crate) fn is_type(ty: &Type) -> bool {
        match ungrouped(ty) {
            Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Tensor"),
            _ => false,
        }
    }

    /// The name of the variant of `DType`.
    pub(crate) fn variant(&self) -> Ident {
        format_ident!("{}", self.dtype.to_string().to_uppercase())
    }
}

impl Parse for Tensor {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let dtype: Ident = input.parse().map_err(|error| written_as(error.span()))?;
        check_dtype(&dtype)?;
        if input.is_empty() {
            return Err(syn::Error::new(dtype.span(), format!("the shape is missing: `#[tensor({dtype}, [_, 4])]`")));
        }
        input.parse::<Token![,]>()?;
        let shape = shape(input)?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(written_as(input.span()));
        }
        Ok(Self { dtype, shape })
    }
}

fn shape(input: ParseStream<'_>) -> syn::Result<Vec<Option<usize>>> {
    if !input.peek(token::Bracket) {
        return Err(written_as(input.span()));
    }
    let content;
    let brackets = bracketed!(content in input);
    let shape: Punctuated<_, Token![,]> = content.parse_terminated(dimension, Token![,])?;
    if shape.len() > RANK_MAX {
        return Err(syn::Error::new(brackets.span.open(), format!("a tensor has at most {RANK_MAX} dimensions")));
    }
    Ok(shape.into_iter().collect())
}

fn dimension(input: ParseStream<'_>) -> syn::Result<Option<usize>> {
    if input.parse::<Option<Token![_]>>()?.is_some() {
        return Ok(None);
    }
    let span = input.span();
    let length = input.parse().and_then(|length: LitInt| length.base10_parse());
    length.map(Some).map_err(|_| syn::Error::new(span, "a dimension is `_` for any length, or a length such as `4`"))
}

fn check_dtype(dtype: &Ident) -> syn::Result<()> {
    let name = dtype.to_string();
    if DTYPES.contains(&name.as_str()) {
        return Ok(());
    }
    let known = match nearest(&name, &DTYPES) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("it is one of {}", DTYPES.join(", ")),
    };
    Err(syn::Error::new(dtype.span(), format!("there is no dtype `{name}`; {known}")))
}

fn written_as(span: Span) -> syn::Error {
    syn::Error::new(span, "the dtype and shape of a tensor are written as `#[tensor(f32, [_, 4])]`")
}
