//! Reading tensors with serde; a function for each dtype that a field can declare with
//! `#[serde(deserialize_with = "..")]`.
//!
//! Each reads numbers in nested lists as its dtype: rounded to the nearest for floats, exact for
//! integers, an error if out of range. A tensor that carries a dtype has to carry this one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::nested::NestedReader;
use super::packed::Packed;
use super::{Element, Tensor};

/// Reads an [`F32`](super::DType::F32) tensor.
pub fn f32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<f32, D>(deserializer)
}

/// Reads an [`F64`](super::DType::F64) tensor.
pub fn f64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<f64, D>(deserializer)
}

/// Reads an [`F16`](super::DType::F16) tensor.
pub fn f16<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<half::f16, D>(deserializer)
}

/// Reads a [`BF16`](super::DType::BF16) tensor.
pub fn bf16<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<half::bf16, D>(deserializer)
}

/// Reads an [`I64`](super::DType::I64) tensor.
pub fn i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<i64, D>(deserializer)
}

/// Reads a [`U32`](super::DType::U32) tensor.
pub fn u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<u32, D>(deserializer)
}

/// Reads a [`U8`](super::DType::U8) tensor.
pub fn u8<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    declared::<u8, D>(deserializer)
}

/// The name by which a deserializer is asked for a tensor. Most pass over it; that of forms reads it from one part.
pub(crate) const TENSOR: &str = "$playhouse::Tensor";

fn declared<'de, T: Element, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    let tensor = deserialize::<T, D>(deserializer)?;
    tensor.expect_dtype(T::DTYPE).map_err(D::Error::custom)?;
    Ok(tensor)
}

/// Human-readable formats give `f32`; the functions of [`de`](self) give other dtypes. They may
/// also spell a tensor out as `{"dtype": .., "shape": [..], "data": ".."}`, the data in base64.
impl<'de> Deserialize<'de> for Tensor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize::<f32, D>(deserializer)
    }
}

/// Reads a tensor; numbers in nested lists become `T`, packed tensors keep their dtype.
fn deserialize<'de, T: Element, D: Deserializer<'de>>(deserializer: D) -> Result<Tensor, D::Error> {
    if deserializer.is_human_readable() {
        return deserializer.deserialize_newtype_struct(TENSOR, NestedOrPacked::<T>(PhantomData));
    }
    Packed::deserialize(deserializer)?.into_tensor()
}

/// Visits what a human-readable format holds.
///
/// The packed form has to be understood here too: within an untagged or internally tagged enum
/// serde buffers what a binary format gave, and replays it as if it were human-readable.
struct NestedOrPacked<T>(PhantomData<T>);

impl<'de, T: Element> Visitor<'de> for NestedOrPacked<T> {
    type Value = Tensor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor as nested lists of numbers")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tensor, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tensor, E> {
        NestedReader::<T>::read(|reader| reader.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tensor, E> {
        NestedReader::<T>::read(|reader| reader.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tensor, E> {
        NestedReader::<T>::read(|reader| reader.visit_f64(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Tensor, A::Error> {
        NestedReader::<T>::read(|reader| reader.visit_seq(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tensor, A::Error> {
        Packed::deserialize(MapAccessDeserializer::new(map))?.into_tensor()
    }
}
