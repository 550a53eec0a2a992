//! Tensors from and to `ndarray`.

use ndarray::{Array, ArrayD, Dimension, IxDyn};

use super::{Element, Tensor, TensorError};

impl Tensor {
    /// Makes a tensor of an array. An array in row-major order gives its memory, any other is
    /// copied into that order.
    ///
    /// # Errors
    ///
    /// If there are more than [`RANK_MAX`](super::RANK_MAX) dimensions.
    pub fn from_ndarray<T: Element, D: Dimension>(array: Array<T, D>) -> Result<Self, TensorError> {
        let shape = array.shape().to_vec();
        Self::from_vec(shape, into_row_major(array))
    }

    /// Copies the tensor into an array of its shape.
    ///
    /// # Errors
    ///
    /// If the elements are not `T`.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>, TensorError> {
        let elements = self.to_vec()?;
        Ok(ArrayD::from_shape_vec(IxDyn(self.shape()), elements)
            .expect("a tensor has as many elements as its shape says"))
    }
}

fn into_row_major<T: Element, D: Dimension>(array: Array<T, D>) -> Vec<T> {
    if !array.is_standard_layout() {
        return array.iter().copied().collect();
    }
    let length = array.len();
    let (mut elements, offset) = array.into_raw_vec_and_offset();
    // What was sliced in place still owns what lies around the slice.
    let start = offset.unwrap_or(0);
    elements.truncate(start + length);
    elements.drain(..start);
    elements
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, Slice, array};

    #[test]
    fn row_major_arrays_give_their_memory() {
        let array = array![[1f32, 2., 3.], [4., 5., 6.]];
        let address = array.as_ptr().cast::<u8>();
        let expected = array.clone().into_dyn();
        let tensor = Tensor::from_ndarray(array).unwrap();
        assert_eq!(tensor.bytes().as_ptr(), address);
        assert_eq!(tensor.to_ndarray::<f32>().unwrap(), expected);
    }

    #[test]
    fn other_layouts_are_brought_into_order() {
        let array = array![[1i64, 2, 3], [4, 5, 6]];
        let mut reversed = array.clone();
        reversed.invert_axis(Axis(1));
        let mut lower = array.clone();
        lower.slice_axis_inplace(Axis(0), Slice::from(1..));
        let mut right = array.clone();
        right.slice_axis_inplace(Axis(1), Slice::from(1..));
        for array in [array.reversed_axes(), reversed, lower, right] {
            let tensor = Tensor::from_ndarray(array.clone()).unwrap();
            assert_eq!(tensor.shape(), array.shape());
            assert_eq!(tensor.to_ndarray::<i64>().unwrap(), array.into_dyn());
        }
    }

    #[test]
    fn scalars_and_empty_arrays_survive() {
        for shape in [vec![], vec![0], vec![2, 0, 3]] {
            let array = ArrayD::<f64>::zeros(IxDyn(&shape));
            let tensor = Tensor::from_ndarray(array.clone()).unwrap();
            assert_eq!(tensor.to_ndarray::<f64>().unwrap(), array);
        }
    }

    #[test]
    fn too_many_dimensions_and_wrong_types_are_refused() {
        let array = ArrayD::<u8>::zeros(IxDyn(&[1; 9]));
        let error = Tensor::from_ndarray(array).unwrap_err();
        assert_eq!(error.to_string(), "expected at most 8 dimensions, got 9");
        let error = Tensor::scalar(1f32).to_ndarray::<u32>().unwrap_err();
        assert_eq!(error.to_string(), "expected a u32 tensor, got f32");
    }
}
