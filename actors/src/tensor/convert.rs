//! Tensors from vectors, and from tensors of another dtype.

use super::element::with_element;
use super::{DType, Element, Tensor, TensorError};

impl Tensor {
    /// Converts each element to another dtype, by one rule: floats round to the nearest, everything
    /// else is exact. Ties go to even; `f16` and `bf16` round by way of `f32`. Among floats NaN and
    /// infinities stay what they are.
    ///
    /// # Errors
    ///
    /// At the first element that the dtype cannot hold: a finite number out of its range, a
    /// fraction or a NaN on its way to an integer.
    pub fn to_dtype(&self, dtype: DType) -> Result<Self, TensorError> {
        if self.dtype == dtype {
            return Ok(self.clone());
        }
        with_element!(self.dtype, Old => with_element!(dtype, New => self.convert::<Old, New>()))
    }

    fn convert<Old: Element, New: Element>(&self) -> Result<Self, TensorError> {
        let mut elements = Vec::with_capacity(self.len());
        for element in self.elements::<Old>() {
            let number = element.to_number();
            let element = New::from_number(number).ok_or_else(|| {
                let at = self.position(elements.len());
                TensorError::unrepresentable(number, at, New::DTYPE)
            })?;
            elements.push(element);
        }
        Self::from_vec(self.shape.clone(), elements)
    }
}

/// One dimension, without a copy.
impl<T: Element> From<Vec<T>> for Tensor {
    fn from(elements: Vec<T>) -> Self {
        Self::of_elements([elements.len()], elements)
    }
}

/// Rows of equal length; no rows at all give the shape `[0, 0]`.
impl<T: Element> TryFrom<Vec<Vec<T>>> for Tensor {
    type Error = TensorError;

    fn try_from(rows: Vec<Vec<T>>) -> Result<Self, TensorError> {
        let columns = rows.first().map_or(0, Vec::len);
        for (index, row) in rows.iter().enumerate() {
            if row.len() != columns {
                let (at, expected, got) = (vec![index], columns, row.len());
                return Err(TensorError::Ragged { at, expected, got });
            }
        }
        Ok(Self::of_elements([rows.len(), columns], rows.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_one_dimension_and_vectors_of_vectors_two() {
        assert_eq!(Tensor::from(vec![1u8, 2]).shape(), [2]);
        let rows = Tensor::try_from(vec![vec![1i64, 2, 3], vec![4, 5, 6]]).unwrap();
        assert_eq!(rows, Tensor::from_rows(&[[1i64, 2, 3], [4, 5, 6]]));
        assert_eq!(Tensor::try_from(Vec::<Vec<f32>>::new()).unwrap().shape(), [0, 0]);
    }

    #[test]
    fn ragged_rows_are_refused() {
        let error = Tensor::try_from(vec![vec![1f32], vec![2., 3.]]).unwrap_err();
        assert_eq!(error.to_string(), "ragged list at [1]: expected length 1, got 2");
    }

    #[test]
    fn conversion_rounds_floats_and_nothing_else() {
        let wide = Tensor::from(vec![0.1f64, -2.5, f64::INFINITY]);
        let narrow = wide.to_dtype(DType::F32).unwrap();
        assert_eq!(narrow.to_vec::<f32>().unwrap(), [0.1, -2.5, f32::INFINITY]);
        let classes = Tensor::from_rows(&[[0f32, 2.], [1., 255.]]).to_dtype(DType::U8).unwrap();
        assert_eq!(classes, Tensor::from_rows(&[[0u8, 2], [1, 255]]));
    }

    #[test]
    fn conversion_names_the_element_that_does_not_fit() {
        let cases = [
            (Tensor::from_rows(&[[1f32, 2.], [3., 256.]]), DType::U8, "256.0 at [1, 1]"),
            (Tensor::from(vec![1i64, -1]), DType::U32, "-1 at [1]"),
            (Tensor::scalar(1.5f32), DType::I64, "1.5"),
            (Tensor::scalar(f32::NAN), DType::I64, "NaN"),
            (Tensor::from(vec![1e300f64]), DType::F32, "1e300 at [0]"),
        ];
        for (tensor, dtype, what) in cases {
            let error = tensor.to_dtype(dtype).unwrap_err();
            assert_eq!(error.to_string(), format!("{what} cannot be represented as {dtype}"));
        }
    }
}
