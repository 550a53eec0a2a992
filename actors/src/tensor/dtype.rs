//! What the elements of a tensor are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TensorError;

/// The type of a tensor's elements, written as `f32`, `bf16` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// 32-bit float; what numbers in JSON become where nothing else is declared.
    F32,
    /// 64-bit float.
    F64,
    /// IEEE 754 half-precision float.
    F16,
    /// The upper half of an `f32`: its range, with 8 bits of precision.
    BF16,
    /// 64-bit signed integer.
    I64,
    /// 32-bit unsigned integer.
    U32,
    /// 8-bit unsigned integer.
    U8,
}

impl DType {
    /// All of them.
    pub const ALL: [DType; 7] = [Self::F32, Self::F64, Self::F16, Self::BF16, Self::I64, Self::U32, Self::U8];

    /// The name in lowercase, as in JSON, schemas and headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::I64 => "i64",
            Self::U32 => "u32",
            Self::U8 => "u8",
        }
    }

    /// The bytes that one element takes.
    pub const fn size_in_bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::U32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::U8 => 1,
        }
    }

    /// Whether the elements are whole numbers.
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::I64 | Self::U32 | Self::U8)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DType {
    type Err = TensorError;

    fn from_str(name: &str) -> Result<Self, TensorError> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| TensorError::UnknownDType(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_everywhere() {
        for dtype in DType::ALL {
            assert_eq!(dtype.to_string().parse::<DType>().unwrap(), dtype);
            assert_eq!(serde_json::to_string(&dtype).unwrap(), format!("\"{dtype}\""));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        assert_eq!(
            "int8".parse::<DType>().unwrap_err().to_string(),
            "unknown dtype `int8`, expected one of f32, f64, f16, bf16, i64, u32, u8"
        );
    }
}
