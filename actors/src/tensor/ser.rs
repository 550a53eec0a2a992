//! Writing tensors with serde.

use std::marker::PhantomData;

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};

use super::element::with_element;
use super::packed::Packed;
use super::{Element, Tensor, TensorError};

/// The most empty lists that a tensor without elements is written as. Its shape has no data to
/// keep it small: `[1 << 40, 0]` in 20 bytes of MessagePack would be terabytes of JSON.
const EMPTY_LISTS_MAX: usize = 1 << 16;

/// Human-readable formats get nested lists of numbers, which lose two things: the dtype, and the
/// dimensions behind one that is 0. A NaN or an infinity is an error that names its position,
/// since JSON has neither. Other formats get a struct of dtype, shape and data.
impl Serialize for Tensor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return Packed::new(self).serialize(serializer);
        }
        check_empty_lists(self).map_err(S::Error::custom)?;
        with_element!(self.dtype, T => {
            check_finite::<T>(self).map_err(S::Error::custom)?;
            Nested::<T> { shape: &self.shape, bytes: &self.bytes, element: PhantomData }.serialize(serializer)
        })
    }
}

fn check_empty_lists(tensor: &Tensor) -> Result<(), TensorError> {
    // The lists around the first 0. `Tensor::new` has seen that this does not overflow.
    let lists: usize = tensor.shape.iter().take_while(|&&length| length != 0).product();
    if tensor.is_empty() && lists > EMPTY_LISTS_MAX {
        return Err(TensorError::EmptyLists { shape: tensor.shape.to_vec() });
    }
    Ok(())
}

/// Checked ahead of writing, so that an error leaves no half of a document behind.
fn check_finite<T: Element>(tensor: &Tensor) -> Result<(), TensorError> {
    for (index, element) in tensor.elements::<T>().enumerate() {
        let number = element.to_number();
        if !number.is_finite() {
            let (value, at) = (number.to_string(), tensor.position(index));
            return Err(TensorError::NotFinite { value, at });
        }
    }
    Ok(())
}

/// A tensor, or a list in it, while it is written.
struct Nested<'a, T> {
    shape: &'a [usize],
    bytes: &'a [u8],
    element: PhantomData<T>,
}

impl<T: Element> Serialize for Nested<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((&length, shape)) = self.shape.split_first() else {
            let element: T = bytemuck::pod_read_unaligned(self.bytes);
            return T::Json::from(element).serialize(serializer);
        };
        let mut list = serializer.serialize_seq(Some(length))?;
        let size = self.bytes.len() / length.max(1);
        for index in 0..length {
            let bytes = &self.bytes[index * size..][..size];
            list.serialize_element(&Self { shape, bytes, element: PhantomData })?;
        }
        list.end()
    }
}
