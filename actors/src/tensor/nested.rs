//! Reading nested lists of numbers, the form that tensors have in JSON.
//!
//! Numbers go straight from the parser into one vector of the target type: no tree of values, no
//! allocation per list. What a hostile document costs is bounded by its length, and its nesting by
//! [`RANK_MAX`].

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};

use super::element::Number;
use super::{Element, RANK_MAX, Tensor, TensorError};

/// A tensor while its nested lists are read.
pub(super) struct NestedReader<T> {
    elements: Vec<T>,
    /// By depth, the length of the first list there; `None` while that one is open.
    lengths: Vec<Option<usize>>,
    /// Where the next number or list is: one index for each open list.
    position: Vec<usize>,
}

impl<T: Element> NestedReader<T> {
    /// Runs one visit of a document: of a number, or of the outermost list.
    pub(super) fn read<E: Error>(visit: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<Tensor, E> {
        let mut reader = Self { elements: Vec::new(), lengths: Vec::new(), position: Vec::new() };
        visit(&mut reader)?;
        let shape: Vec<usize> = reader.lengths.into_iter().flatten().collect();
        Tensor::from_vec(shape, reader.elements).map_err(E::custom)
    }

    fn push(&mut self, number: Number) -> Result<(), TensorError> {
        // Numbers lie only at the bottom: within as many lists as were ever opened in each other.
        if self.position.len() != self.lengths.len() {
            return Err(self.misplaced("list", "number"));
        }
        let element = T::from_number(number)
            .ok_or_else(|| TensorError::unrepresentable(number, self.position.clone(), T::DTYPE))?;
        self.elements.push(element);
        Ok(())
    }

    fn open(&mut self) -> Result<(), TensorError> {
        let depth = self.position.len();
        if depth == RANK_MAX {
            return Err(TensorError::Rank { got: RANK_MAX + 1 });
        }
        if depth == self.lengths.len() {
            // The first number has settled how deep lists go.
            if !self.elements.is_empty() {
                return Err(self.misplaced("number", "list"));
            }
            self.lengths.push(None);
        }
        self.position.push(0);
        Ok(())
    }

    fn close(&mut self) -> Result<(), TensorError> {
        let got = self.position.pop().expect("each close follows its open");
        let expected = *self.lengths[self.position.len()].get_or_insert(got);
        if got != expected {
            return Err(TensorError::Ragged { at: self.position.clone(), expected, got });
        }
        Ok(())
    }

    fn misplaced(&self, expected: &'static str, got: &'static str) -> TensorError {
        TensorError::Nesting { at: self.position.clone(), expected, got }
    }
}

impl<'de, T: Element> DeserializeSeed<'de> for &mut NestedReader<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Element> Visitor<'de> for &mut NestedReader<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of numbers")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(Number::Integer(value)).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        // What exceeds an i64 fits only floats.
        let number = i64::try_from(value).map_or(Number::Float(value as f64), Number::Integer);
        self.push(number).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(Number::Float(value)).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.open().map_err(A::Error::custom)?;
        while list.next_element_seed(&mut *self)?.is_some() {
            if let Some(index) = self.position.last_mut() {
                *index += 1;
            }
        }
        self.close().map_err(A::Error::custom)
    }
}
