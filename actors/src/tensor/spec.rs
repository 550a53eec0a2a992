//! What is declared about a tensor that is an argument or a result.

use std::fmt;

use serde::Deserializer;

use super::{DType, Tensor, TensorError, de};

/// A declared dtype and shape: what `#[tensor(f32, [_, 4])]` stands for.
///
/// ```
/// # use playhouse_actors::tensor::{DType, Dim, Tensor, TensorSpec};
/// const ROWS: TensorSpec = TensorSpec::new(DType::F32, &[Dim::Any, Dim::Is(4)]);
/// let error = ROWS.check(&Tensor::from_rows(&[[1f32, 2., 3.]])).unwrap_err();
/// assert_eq!(error.to_string(), "expected f32 [_, 4], got f32 [1, 3]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// The dtype it has to have.
    pub dtype: DType,
    /// What each of its dimensions has to be, outermost first.
    pub shape: &'static [Dim],
}

/// What is declared about one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    /// It has any length, 0 too. Written `_`.
    Any,
    /// It has this length.
    Is(usize),
}

impl TensorSpec {
    /// Declares dtype and shape.
    pub const fn new(dtype: DType, shape: &'static [Dim]) -> Self {
        Self { dtype, shape }
    }

    /// Checks that a tensor is what was declared.
    ///
    /// # Errors
    ///
    /// If dtype, number of dimensions, or the length of one of them differs.
    pub fn check(&self, tensor: &Tensor) -> Result<(), TensorError> {
        if tensor.dtype() == self.dtype && self.allows(tensor.shape()) {
            return Ok(());
        }
        let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
        Err(TensorError::Spec { expected: *self, dtype, shape })
    }

    /// Reads a tensor; numbers in nested lists become the declared dtype. The shape is not checked.
    pub(crate) fn read<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Tensor, D::Error> {
        match self.dtype {
            DType::F32 => de::f32(deserializer),
            DType::F64 => de::f64(deserializer),
            DType::F16 => de::f16(deserializer),
            DType::BF16 => de::bf16(deserializer),
            DType::I64 => de::i64(deserializer),
            DType::U32 => de::u32(deserializer),
            DType::U8 => de::u8(deserializer),
        }
    }

    fn allows(&self, shape: &[usize]) -> bool {
        self.shape.len() == shape.len() && self.shape.iter().zip(shape).all(|(dim, &length)| dim.allows(length))
    }
}

impl Dim {
    fn allows(self, length: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Is(expected) => expected == length,
        }
    }
}

impl fmt::Display for TensorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.dtype)?;
        for (index, dim) in self.shape.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{dim}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("_"),
            Self::Is(length) => write!(f, "{length}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: TensorSpec = TensorSpec::new(DType::F32, &[Dim::Any, Dim::Is(4)]);
    const SCALAR: TensorSpec = TensorSpec::new(DType::I64, &[]);

    #[test]
    fn any_length_is_any_and_a_length_is_that_length() {
        assert_eq!(ROWS.check(&Tensor::from_rows(&[[0f32; 4]; 3])), Ok(()));
        assert_eq!(ROWS.check(&Tensor::from_rows::<f32, 4>(&[])), Ok(()));
        assert_eq!(SCALAR.check(&Tensor::scalar(1i64)), Ok(()));
    }

    #[test]
    fn what_differs_is_refused_with_both_sides() {
        let cases = [
            (ROWS, Tensor::from_rows(&[[0f32; 3]; 2]), "expected f32 [_, 4], got f32 [2, 3]"),
            (ROWS, Tensor::from_rows(&[[0f64; 4]; 2]), "expected f32 [_, 4], got f64 [2, 4]"),
            (ROWS, Tensor::from(vec![0f32; 4]), "expected f32 [_, 4], got f32 [4]"),
            (SCALAR, Tensor::from(vec![1i64]), "expected i64 [], got i64 [1]"),
        ];
        for (spec, tensor, message) in cases {
            assert_eq!(spec.check(&tensor).unwrap_err().to_string(), message);
        }
    }
}
