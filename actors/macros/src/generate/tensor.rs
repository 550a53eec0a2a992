//! Declared tensors.

use proc_macro2::TokenStream;
use quote::quote;

use super::krate::Krate;
use crate::model::Tensor;

/// The expression for a declaration.
pub(super) fn spec(tensor: &Tensor, krate: &Krate) -> TokenStream {
    let dtype = tensor.variant();
    let dims = tensor.shape.iter().map(|dim| match dim {
        Some(length) => quote! { #krate::Dim::Is(#length) },
        None => quote! { #krate::Dim::Any },
    });
    quote! { #krate::TensorSpec::new(#krate::DType::#dtype, &[#(#dims),*]) }
}
