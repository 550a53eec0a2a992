//! Tensors of messages to tensors of candle, and back.

use candle_core::WithDType;
use half::{bf16, f16};
use playhouse_actors::Tensor;
use playhouse_actors::tensor::{DType, Element};

use super::Error;

/// Conversions between a [`Tensor`] as it is sent and one that candle computes with.
///
/// ```
/// # use playhouse::model::{CandleExt, Device, Error};
/// # use playhouse::Tensor;
/// let rows = Tensor::from_rows(&[[1f32, 2.], [3., 4.]]);
/// let sums = rows.to_candle(&Device::cpu())?.sum(1)?;
/// assert_eq!(Tensor::from_candle(&sums)?, Tensor::from(vec![3f32, 7.]));
/// # Ok::<(), Error>(())
/// ```
pub trait CandleExt: Sized {
    /// Copies the elements to a device once; dtype and shape stay what they are.
    ///
    /// # Errors
    /// What the device says.
    fn to_candle(&self, device: &candle_core::Device) -> Result<candle_core::Tensor, Error>;

    /// Copies the elements from a device, waiting for what computes them. A view is made contiguous first.
    ///
    /// # Errors
    /// [`Error::DType`] for elements that no message carries, such as `i32`; more than
    /// [`RANK_MAX`](playhouse_actors::tensor::RANK_MAX) dimensions; what the device says.
    fn from_candle(tensor: &candle_core::Tensor) -> Result<Self, Error>;
}

impl CandleExt for Tensor {
    fn to_candle(&self, device: &candle_core::Device) -> Result<candle_core::Tensor, Error> {
        match self.dtype() {
            DType::F32 => upload::<f32>(self, device),
            DType::F64 => upload::<f64>(self, device),
            DType::F16 => upload::<f16>(self, device),
            DType::BF16 => upload::<bf16>(self, device),
            DType::I64 => upload::<i64>(self, device),
            DType::U32 => upload::<u32>(self, device),
            DType::U8 => upload::<u8>(self, device),
        }
    }

    fn from_candle(tensor: &candle_core::Tensor) -> Result<Self, Error> {
        match tensor.dtype() {
            candle_core::DType::F32 => download::<f32>(tensor),
            candle_core::DType::F64 => download::<f64>(tensor),
            candle_core::DType::F16 => download::<f16>(tensor),
            candle_core::DType::BF16 => download::<bf16>(tensor),
            candle_core::DType::I64 => download::<i64>(tensor),
            candle_core::DType::U32 => download::<u32>(tensor),
            candle_core::DType::U8 => download::<u8>(tensor),
            other => Err(Error::DType(other)),
        }
    }
}

fn upload<T: Element + WithDType>(tensor: &Tensor, device: &candle_core::Device) -> Result<candle_core::Tensor, Error> {
    let shape = tensor.shape();
    Ok(match tensor.as_slice::<T>() {
        Some(elements) => candle_core::Tensor::from_slice(elements, shape, device)?,
        // A slice of a receive buffer that happens not to be aligned.
        None => candle_core::Tensor::from_vec(tensor.to_vec::<T>()?, shape, device)?,
    })
}

fn download<T: Element + WithDType>(tensor: &candle_core::Tensor) -> Result<Tensor, Error> {
    let elements = tensor.flatten_all()?.to_vec1::<T>()?;
    Ok(Tensor::from_vec(tensor.dims(), elements)?)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use candle_core::Device::Cpu;

    use super::*;

    /// Six elements of each dtype, from bytes that differ.
    fn samples() -> Vec<Tensor> {
        let sample = |dtype: DType| {
            let bytes: Vec<u8> = (0..6 * dtype.size_in_bytes()).map(|byte| byte as u8 + 1).collect();
            Tensor::new(dtype, [2, 3], bytes).unwrap()
        };
        DType::ALL.map(sample).to_vec()
    }

    #[test]
    fn every_dtype_comes_back_bit_by_bit() {
        for tensor in samples() {
            let there = tensor.to_candle(&Cpu).unwrap();
            assert_eq!(there.dims(), tensor.shape());
            assert_eq!(Tensor::from_candle(&there).unwrap(), tensor);
        }
    }

    #[test]
    fn a_view_comes_back_in_the_order_of_its_shape() {
        for tensor in samples() {
            let there = tensor.to_candle(&Cpu).unwrap();
            let size = tensor.dtype().size_in_bytes();
            let element = |row: usize, column: usize| &tensor.bytes()[(row * 3 + column) * size..][..size];
            let picked = |order: &[(usize, usize)]| -> Vec<u8> {
                order.iter().flat_map(|&(row, column)| element(row, column)).copied().collect()
            };
            let cases = [
                (there.t(), [3, 2], picked(&[(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)])),
                (there.narrow(1, 1, 2), [2, 2], picked(&[(0, 1), (0, 2), (1, 1), (1, 2)])),
                (there.narrow(0, 1, 1), [1, 3], picked(&[(1, 0), (1, 1), (1, 2)])),
                (
                    there.narrow(0, 0, 1).and_then(|row| row.broadcast_as((2, 3))),
                    [2, 3],
                    picked(&[(0, 0), (0, 1), (0, 2)]).repeat(2),
                ),
            ];
            for (view, shape, bytes) in cases {
                let expected = Tensor::new(tensor.dtype(), shape, bytes).unwrap();
                assert_eq!(Tensor::from_candle(&view.unwrap()).unwrap(), expected);
            }
        }
    }

    #[test]
    fn scalars_and_empty_tensors_keep_their_shape() {
        for tensor in [Tensor::scalar(1.5f32), Tensor::from_rows::<i64, 4>(&[]), Tensor::from(Vec::<u8>::new())] {
            assert_eq!(Tensor::from_candle(&tensor.to_candle(&Cpu).unwrap()).unwrap(), tensor);
        }
    }

    #[test]
    fn elements_at_any_address_are_read() {
        let expected = Tensor::from(vec![1f64, -2.5]);
        for offset in 0..8 {
            let mut buffer = vec![0; offset];
            buffer.extend_from_slice(expected.bytes());
            let tensor = Tensor::new(DType::F64, [2], Bytes::from(buffer).slice(offset..)).unwrap();
            assert_eq!(tensor.to_candle(&Cpu).unwrap().to_vec1::<f64>().unwrap(), [1., -2.5]);
        }
    }

    #[test]
    fn what_no_message_carries_is_refused() {
        let whole = candle_core::Tensor::new(&[1i32, 2], &Cpu).unwrap();
        let error = Tensor::from_candle(&whole).unwrap_err().to_string();
        assert!(error.starts_with("a candle tensor of I32 cannot be sent"), "{error}");
        let deep = candle_core::Tensor::zeros(&[1usize; 9][..], candle_core::DType::U8, &Cpu).unwrap();
        assert_eq!(Tensor::from_candle(&deep).unwrap_err().to_string(), "expected at most 8 dimensions, got 9");
    }
}
