//! Tensors in binary formats.

use serde::de::Error;
use serde::{Deserialize, Serialize};

use super::{DType, Tensor};
use crate::bytes::Bytes;

/// A tensor as a struct, its elements one byte string.
///
/// Reading one takes no more memory than was received: the shape claims, the data is there, and
/// the one is checked against the other.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Tensor", deny_unknown_fields)]
pub(super) struct Packed {
    dtype: DType,
    shape: Vec<usize>,
    data: Bytes,
}

impl Packed {
    pub(super) fn new(tensor: &Tensor) -> Self {
        let Tensor { dtype, shape, bytes } = tensor.clone();
        Self { dtype, shape: shape.to_vec(), data: bytes.into() }
    }

    pub(super) fn into_tensor<E: Error>(self) -> Result<Tensor, E> {
        Tensor::new(self.dtype, self.shape, self.data).map_err(E::custom)
    }
}
