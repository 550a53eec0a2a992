//! The Rust types that a tensor's elements can be.

use std::fmt;

use bytemuck::Pod;
use half::{bf16, f16};
use serde::Serialize;

use super::DType;

/// A type that a tensor's elements can have: `f32`, `f64`, [`half::f16`],
/// [`half::bf16`], `i64`, `u32`, `u8`.
///
/// It is sealed: there is one type for each [`DType`].
pub trait Element: Pod + Send + Sync + Convert {
    /// The dtype of this type.
    const DTYPE: DType;
}

/// How an element is written, and made from a number of another type.
pub trait Convert: Sized {
    /// What is written to JSON.
    type Json: From<Self> + Serialize;

    fn to_number(self) -> Number;

    /// Floats round to the nearest, integers are exact; `None` if the type cannot hold the number.
    fn from_number(number: Number) -> Option<Self>;
}

/// A number on its way between two dtypes, or out of JSON.
///
/// Integers are kept apart from floats because an `f64` holds them exactly only up to 2^53.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
}

impl Number {
    pub(super) fn is_finite(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(value) => value.is_finite(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            // Debug writes 1e300 where Display writes 301 digits.
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// Elements that can be owned by a [`bytes::Bytes`].
pub(super) struct Owner<T>(pub(super) Vec<T>);

impl<T: Element> AsRef<[u8]> for Owner<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

/// The integer that a float is, if it is one. Both bounds are exact as `f64`.
fn whole(value: f64) -> Option<i64> {
    let fits = (i64::MIN as f64..-(i64::MIN as f64)).contains(&value);
    (fits && value.fract() == 0.0).then_some(value as i64)
}

macro_rules! float_elements {
    ($($type:ident: $dtype:ident, $json:ident, $from_integer:expr, $from_float:expr;)*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        }

        impl Convert for $type {
            type Json = $json;

            fn to_number(self) -> Number {
                Number::Float(self.into())
            }

            fn from_number(number: Number) -> Option<Self> {
                let value: $type = match number {
                    Number::Integer(value) => $from_integer(value),
                    Number::Float(value) => $from_float(value),
                };
                // A finite number that became infinite was out of range.
                (value.is_finite() || !number.is_finite()).then_some(value)
            }
        }
    )*};
}

macro_rules! integer_elements {
    ($($type:ident: $dtype:ident;)*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        }

        impl Convert for $type {
            type Json = $type;

            fn to_number(self) -> Number {
                Number::Integer(self.into())
            }

            fn from_number(number: Number) -> Option<Self> {
                let value = match number {
                    Number::Integer(value) => value,
                    Number::Float(value) => whole(value)?,
                };
                value.try_into().ok()
            }
        }
    )*};
}

// By way of f32 the halves round the same on every host: `from_f64` drops bits or not, depending
// on the processor.
float_elements! {
    f32: F32, f32, |value: i64| value as f32, |value: f64| value as f32;
    f64: F64, f64, |value: i64| value as f64, |value: f64| value;
    f16: F16, f32, |value: i64| f16::from_f32(value as f32), |value: f64| f16::from_f32(value as f32);
    bf16: BF16, f32, |value: i64| bf16::from_f32(value as f32), |value: f64| bf16::from_f32(value as f32);
}

integer_elements! {
    i64: I64;
    u32: U32;
    u8: U8;
}

/// Evaluates an expression with a type alias bound to the element type of a dtype.
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::tensor::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::tensor::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::tensor::DType::F16 => {
                type $T = ::half::f16;
                $body
            }
            $crate::tensor::DType::BF16 => {
                type $T = ::half::bf16;
                $body
            }
            $crate::tensor::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::tensor::DType::U32 => {
                type $T = u32;
                $body
            }
            $crate::tensor::DType::U8 => {
                type $T = u8;
                $body
            }
        }
    };
}
pub(super) use with_element;

#[cfg(test)]
mod tests {
    use super::*;
    use Number::{Float, Integer};

    #[test]
    fn integers_are_exact_or_refused() {
        assert_eq!(i64::from_number(Integer(i64::MAX)), Some(i64::MAX));
        assert_eq!(i64::from_number(Float(1e18)), Some(1_000_000_000_000_000_000));
        for value in [1.5, 2f64.powi(63), f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(i64::from_number(Float(value)), None, "{value}");
        }
        assert_eq!(u32::from_number(Integer(-1)), None);
        assert_eq!(u8::from_number(Float(255.0)), Some(255));
        assert_eq!(u8::from_number(Integer(256)), None);
    }

    #[test]
    fn floats_round_and_refuse_what_would_become_infinite() {
        assert_eq!(f32::from_number(Integer(16_777_217)), Some(16_777_216.0));
        assert_eq!(f32::from_number(Float(1e39)), None);
        assert_eq!(f32::from_number(Float(f64::INFINITY)), Some(f32::INFINITY));
        assert_eq!(f16::from_number(Integer(65_504)), Some(f16::MAX));
        assert_eq!(f16::from_number(Integer(65_520)), None);
        assert_eq!(bf16::from_number(Float(1e38)), Some(bf16::from_f64(1e38)));
    }
}
