//! Why something is not the tensor that was asked for.

use std::fmt;

use super::element::Number;
use super::{DType, RANK_MAX, TensorSpec};

/// Why something is not the tensor that was asked for. Positions are indices, outermost first.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The bytes are not as many as dtype and shape take.
    #[error("{dtype} {shape:?} takes {expected} bytes, got {got}")]
    Length {
        /// The dtype that was given.
        dtype: DType,
        /// The shape that was given.
        shape: Vec<usize>,
        /// The bytes that these take.
        expected: usize,
        /// The bytes that were given.
        got: usize,
    },
    /// The shape takes more bytes than can be addressed.
    #[error("the size of {dtype} {shape:?} overflows")]
    Overflow {
        /// The dtype that was given.
        dtype: DType,
        /// The shape that was given.
        shape: Vec<usize>,
    },
    /// There are more dimensions than [`RANK_MAX`].
    #[error("expected at most {RANK_MAX} dimensions, got {got}")]
    Rank {
        /// The dimensions that were given.
        got: usize,
    },
    /// A reshape to another number of elements.
    #[error("cannot reshape {from:?} to {to:?}: the number of elements differs")]
    Reshape {
        /// The shape there is.
        from: Vec<usize>,
        /// The shape that was asked for.
        to: Vec<usize>,
    },
    /// The elements are of another type.
    #[error("expected a {expected} tensor, got {got}")]
    DType {
        /// The dtype that was asked for.
        expected: DType,
        /// The tensor's dtype.
        got: DType,
    },
    /// The tensor is not what its declaration says.
    #[error("expected {expected}, got {dtype} {shape:?}")]
    Spec {
        /// The declaration.
        expected: TensorSpec,
        /// The tensor's dtype.
        dtype: DType,
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// Lists beside each other differ in length.
    #[error("ragged list{}: expected length {expected}, got {got}", At(.at))]
    Ragged {
        /// Where the list is.
        at: Vec<usize>,
        /// The length of the first list at this depth.
        expected: usize,
        /// The length of this one.
        got: usize,
    },
    /// A number among lists or a list among numbers.
    #[error("expected a {expected}{}, got a {got}", At(.at))]
    Nesting {
        /// Where it is.
        at: Vec<usize>,
        /// What is beside it.
        expected: &'static str,
        /// What it is.
        got: &'static str,
    },
    /// A number that the dtype cannot hold: out of range, or a fraction among integers.
    #[error("{value}{} cannot be represented as {dtype}", At(.at))]
    Unrepresentable {
        /// The number, as text.
        value: String,
        /// Where it is.
        at: Vec<usize>,
        /// The dtype that was asked for.
        dtype: DType,
    },
    /// A NaN or infinity on its way to JSON, which has none.
    #[error("{value}{} cannot be written as JSON", At(.at))]
    NotFinite {
        /// The number, as text.
        value: String,
        /// Where it is.
        at: Vec<usize>,
    },
    /// A tensor without elements that would be millions of empty lists in JSON.
    #[error("an empty tensor of shape {shape:?} is too long for JSON")]
    EmptyLists {
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// A name that is no dtype's.
    #[error("unknown dtype `{0}`, expected one of {names}", names = Names)]
    UnknownDType(String),
}

impl TensorError {
    pub(super) fn unrepresentable(value: Number, at: Vec<usize>, dtype: DType) -> Self {
        Self::Unrepresentable { value: value.to_string(), at, dtype }
    }
}

/// A position, or nothing for the one element of a scalar.
struct At<'a>(&'a [usize]);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " at {:?}", self.0)
    }
}

/// The names of all dtypes.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DType::ALL.map(DType::name).join(", "))
    }
}
