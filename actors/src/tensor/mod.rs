//! Tensors as services send them: a dtype, a shape, and the elements as bytes.
//!
//! A [`Tensor`] is what travels; it computes nothing. Its elements lie contiguous, row-major and
//! little-endian in one [`bytes::Bytes`], so that a clone shares them and a slice of a receive
//! buffer becomes a tensor without a copy. Such a slice may start at any address:
//! [`Tensor::as_slice`] answers `None` where its elements are not aligned, everything else copies.
//!
//! In JSON a tensor is nested lists of numbers, in binary formats `{dtype, shape, data}` with the
//! elements as one byte string, which is never walked element by element.

#[cfg(target_endian = "big")]
compile_error!(
    "playhouse tensors are little-endian in memory as on the wire: a big-endian host would have \
     to swap every element of every message"
);

mod convert;
pub mod de;
mod dtype;
mod element;
mod error;
#[cfg(feature = "ndarray")]
mod ndarray;
mod nested;
mod packed;
mod schema;
mod ser;
mod spec;
#[cfg(test)]
mod tests;

pub use self::dtype::DType;
pub use self::element::Element;
pub use self::error::TensorError;
pub use self::spec::{Dim, TensorSpec};

use std::fmt;
use std::sync::Arc;

use ::bytes::Bytes;

use self::element::Owner;

/// The most dimensions a tensor has. It bounds the recursion of readers and writers of nested
/// lists; models use up to five.
pub const RANK_MAX: usize = 8;

/// A dense array of numbers: dtype, shape, and row-major little-endian bytes.
///
/// Cloning is cheap: the clone shares shape and elements. Two tensors are equal if dtype, shape
/// and bytes are, so a NaN equals itself and `0.0` differs from `-0.0`.
///
/// ```
/// # use playhouse_actors::tensor::{DType, Tensor, TensorError};
/// let rows = Tensor::from_rows(&[[5.1f32, 3.5], [4.9, 3.0]]);
/// assert_eq!((rows.dtype(), rows.shape()), (DType::F32, &[2, 2][..]));
/// assert_eq!(serde_json::to_string(&rows).unwrap(), "[[5.1,3.5],[4.9,3.0]]");
/// assert_eq!(rows.to_vec::<f32>()?, [5.1, 3.5, 4.9, 3.0]);
/// # Ok::<(), TensorError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Tensor {
    dtype: DType,
    shape: Arc<[usize]>,
    bytes: Bytes,
}

impl Tensor {
    /// Makes a tensor of bytes that hold its elements row-major and little-endian, without a copy.
    ///
    /// # Errors
    ///
    /// If there are more than [`RANK_MAX`] dimensions, if the shape's size overflows, or if the
    /// bytes are not exactly as many as dtype and shape take.
    pub fn new(dtype: DType, shape: impl Into<Arc<[usize]>>, bytes: impl Into<Bytes>) -> Result<Self, TensorError> {
        let (shape, bytes) = (shape.into(), bytes.into());
        let expected = size_in_bytes(dtype, &shape)?;
        if bytes.len() != expected {
            let (shape, got) = (shape.to_vec(), bytes.len());
            return Err(TensorError::Length { dtype, shape, expected, got });
        }
        Ok(Self { dtype, shape, bytes })
    }

    /// Makes a tensor of elements in row-major order, without a copy.
    ///
    /// # Errors
    ///
    /// As [`Tensor::new`].
    pub fn from_vec<T: Element>(shape: impl Into<Arc<[usize]>>, elements: Vec<T>) -> Result<Self, TensorError> {
        Self::new(T::DTYPE, shape, Bytes::from_owner(Owner(elements)))
    }

    /// Makes a tensor of shape `[rows, N]`.
    pub fn from_rows<T: Element, const N: usize>(rows: &[[T; N]]) -> Self {
        Self::of_elements([rows.len(), N], rows.as_flattened().to_vec())
    }

    /// Makes a tensor of shape `[]`: one number.
    pub fn scalar<T: Element>(value: T) -> Self {
        Self::of_elements([], vec![value])
    }

    /// Makes a tensor whose shape is known to match: only for up to two dimensions of elements
    /// that are in memory, so that nothing can overflow.
    fn of_elements<T: Element>(shape: impl Into<Arc<[usize]>>, elements: Vec<T>) -> Self {
        let (shape, bytes) = (shape.into(), Bytes::from_owner(Owner(elements)));
        debug_assert_eq!(size_in_bytes(T::DTYPE, &shape).ok(), Some(bytes.len()));
        Self { dtype: T::DTYPE, shape, bytes }
    }

    /// What the elements are.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The length of each dimension, outermost first; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size_in_bytes()
    }

    /// Whether there are no elements: one of the dimensions is 0.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements, row-major and little-endian. They may start at any address.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Takes the tensor apart into what [`Tensor::new`] takes.
    pub fn into_parts(self) -> (DType, Arc<[usize]>, Bytes) {
        (self.dtype, self.shape, self.bytes)
    }

    /// The same elements in another shape, without a copy.
    ///
    /// # Errors
    ///
    /// If the new shape has another number of elements, or more than [`RANK_MAX`] dimensions.
    pub fn reshape(&self, shape: impl Into<Arc<[usize]>>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if size_in_bytes(self.dtype, &shape)? != self.bytes.len() {
            let (from, to) = (self.shape.to_vec(), shape.to_vec());
            return Err(TensorError::Reshape { from, to });
        }
        Ok(Self { dtype: self.dtype, shape, bytes: self.bytes.clone() })
    }

    /// The elements without a copy, or `None` if they are not `T` or not aligned for it.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        if self.dtype != T::DTYPE {
            return None;
        }
        if self.is_empty() {
            return Some(&[]); // An empty buffer may point anywhere.
        }
        bytemuck::try_cast_slice(&self.bytes).ok()
    }

    /// A copy of the elements, which have to be `T`: [`Tensor::to_dtype`] converts.
    ///
    /// # Errors
    ///
    /// If the dtype is another.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, TensorError> {
        self.expect_dtype(T::DTYPE)?;
        Ok(match self.as_slice() {
            Some(elements) => elements.to_vec(),
            None => self.elements().collect(),
        })
    }

    fn expect_dtype(&self, expected: DType) -> Result<(), TensorError> {
        if self.dtype == expected {
            return Ok(());
        }
        Err(TensorError::DType { expected, got: self.dtype })
    }

    /// Reads elements at any address; the caller has matched `T` to the dtype.
    fn elements<T: Element>(&self) -> impl Iterator<Item = T> {
        debug_assert_eq!(self.dtype, T::DTYPE);
        self.bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned)
    }

    /// The position in the shape of the element at index `flat` of all.
    fn position(&self, mut flat: usize) -> Vec<usize> {
        let mut position = vec![0; self.shape.len()];
        for (index, &length) in position.iter_mut().zip(self.shape.iter()).rev() {
            *index = flat % length;
            flat /= length;
        }
        position
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} {:?})", self.dtype, self.shape)
    }
}

/// The bytes that a shape takes.
///
/// The size has to fit `isize` even with each 0 counted as 1: ndarray and numpy refuse anything
/// larger, and a shape that only its 0 saves from overflow serves nobody.
fn size_in_bytes(dtype: DType, shape: &[usize]) -> Result<usize, TensorError> {
    if shape.len() > RANK_MAX {
        return Err(TensorError::Rank { got: shape.len() });
    }
    let size = shape
        .iter()
        .try_fold(dtype.size_in_bytes(), |size, &length| size.checked_mul(length.max(1)))
        .filter(|&size| isize::try_from(size).is_ok())
        .ok_or_else(|| TensorError::Overflow { dtype, shape: shape.to_vec() })?;
    Ok(if shape.contains(&0) { 0 } else { size })
}
