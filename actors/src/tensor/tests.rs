//! Properties of tensors through every format, and the answers to hostile input.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

/// Tensors of any dtype with up to four dimensions of the given lengths, of finite elements.
fn tensors(lengths: std::ops::Range<usize>) -> impl Strategy<Value = Tensor> {
    let shape = vec(lengths, 0..=4);
    (proptest::sample::select(&DType::ALL[..]), shape).prop_flat_map(|(dtype, shape)| {
        vec(any::<u8>(), size_in_bytes(dtype, &shape).unwrap()).prop_map(move |mut bytes| {
            make_finite(dtype, &mut bytes);
            Tensor::new(dtype, shape.clone(), bytes).unwrap()
        })
    })
}

/// An exponent of ones alone is an infinity or a NaN: this bit is part of it in each float.
fn make_finite(dtype: DType, bytes: &mut [u8]) {
    let size = dtype.size_in_bytes();
    if !dtype.is_integer() {
        bytes.iter_mut().skip(size - 1).step_by(size).for_each(|byte| *byte &= !0b100);
    }
}

fn from_json(dtype: DType, json: &str) -> serde_json::Result<Tensor> {
    let json = &mut serde_json::Deserializer::from_str(json);
    match dtype {
        DType::F32 => de::f32(json),
        DType::F64 => de::f64(json),
        DType::F16 => de::f16(json),
        DType::BF16 => de::bf16(json),
        DType::I64 => de::i64(json),
        DType::U32 => de::u32(json),
        DType::U8 => de::u8(json),
    }
}

/// The error's text, without serde_json's line and column.
fn json_error(dtype: DType, json: &str) -> String {
    let error = from_json(dtype, json).unwrap_err().to_string();
    error.split(" at line ").next().unwrap().to_owned()
}

/// A message as anyone can write one to the wire.
#[derive(Serialize)]
struct Claim {
    dtype: &'static str,
    shape: Vec<u64>,
    data: Bytes,
}

fn claim(dtype: &'static str, shape: &[u64], length: usize) -> Vec<u8> {
    let (shape, data) = (shape.to_vec(), vec![0; length].into());
    rmp_serde::to_vec_named(&Claim { dtype, shape, data }).unwrap()
}

proptest! {
    #[test]
    fn json_keeps_every_element(tensor in tensors(1..5)) {
        let json = serde_json::to_string(&tensor).unwrap();
        prop_assert_eq!(from_json(tensor.dtype(), &json).unwrap(), tensor);
    }

    #[test]
    fn messagepack_keeps_everything(tensor in tensors(0..5)) {
        let packed = rmp_serde::to_vec_named(&tensor).unwrap();
        prop_assert_eq!(&rmp_serde::from_slice::<Tensor>(&packed).unwrap(), &tensor);
        prop_assert_eq!(&rmp_serde::from_read::<_, Tensor>(&packed[..]).unwrap(), &tensor);
    }

    #[test]
    fn elements_are_the_same_at_any_address(tensor in tensors(0..5), offset in 0usize..8) {
        let mut buffer = vec![0; offset];
        buffer.extend_from_slice(tensor.bytes());
        let slice = Bytes::from(buffer).slice(offset..);
        let moved = Tensor::new(tensor.dtype(), tensor.shape(), slice).unwrap();
        element::with_element!(tensor.dtype(), T => {
            let elements = moved.to_vec::<T>().unwrap();
            prop_assert_eq!(moved.as_slice::<T>().unwrap_or(&elements), &elements[..]);
            prop_assert_eq!(Tensor::from_vec(tensor.shape(), elements).unwrap(), tensor);
        });
    }

    #[test]
    fn a_reshape_keeps_the_elements(tensor in tensors(0..5)) {
        let flat = tensor.reshape([tensor.len()]).unwrap();
        prop_assert_eq!(flat.bytes(), tensor.bytes());
        prop_assert_eq!(flat.reshape(tensor.shape()).unwrap(), tensor);
    }

    #[test]
    fn to_f64_and_back_keeps_what_f64_holds(tensor in tensors(0..5)) {
        prop_assume!(tensor.dtype() != DType::I64);
        let wide = tensor.to_dtype(DType::F64).unwrap();
        prop_assert_eq!(wide.to_dtype(tensor.dtype()).unwrap(), tensor);
    }

    #[test]
    fn a_damaged_message_is_an_error_or_a_whole_tensor(
        tensor in tensors(0..5), at: proptest::sample::Index, byte: u8, length: proptest::sample::Index
    ) {
        let mut packed = rmp_serde::to_vec_named(&tensor).unwrap();
        let at = at.index(packed.len());
        packed[at] = byte;
        packed.truncate(length.index(2 * packed.len())); // Every other one stays whole.
        if let Ok(tensor) = rmp_serde::from_slice::<Tensor>(&packed) {
            prop_assert_eq!(tensor.len(), tensor.shape().iter().product::<usize>());
        }
    }

    #[test]
    fn brackets_and_numbers_are_an_error_or_a_whole_tensor(json in r"[\[\]\[\]12,.e \-]{0,20}") {
        if let Ok(tensor) = serde_json::from_str::<Tensor>(&json) {
            prop_assert_eq!(tensor.len(), tensor.shape().iter().product::<usize>());
        }
    }
}

#[test]
fn constructors_refuse_what_does_not_match() {
    let huge = usize::MAX / 2;
    let cases: [(DType, &[usize], usize, &str); 6] = [
        (DType::F32, &[2, 3], 20, "f32 [2, 3] takes 24 bytes, got 20"),
        (DType::I64, &[], 0, "i64 [] takes 8 bytes, got 0"),
        (DType::U8, &[0], 1, "u8 [0] takes 0 bytes, got 1"),
        (DType::U8, &[huge, 4], 4, "the size of u8 [9223372036854775807, 4] overflows"),
        (DType::U8, &[huge, 4, 0], 0, "the size of u8 [9223372036854775807, 4, 0] overflows"),
        (DType::U8, &[1; 9], 1, "expected at most 8 dimensions, got 9"),
    ];
    for (dtype, shape, length, message) in cases {
        let error = Tensor::new(dtype, shape, vec![0; length]).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn accessors_refuse_another_type_or_size() {
    let tensor = Tensor::from_rows(&[[1f32, 2.], [3., 4.]]);
    assert_eq!(tensor.as_slice::<u32>(), None);
    let error = tensor.to_vec::<u32>().unwrap_err();
    assert_eq!(error.to_string(), "expected a u32 tensor, got f32");
    let error = tensor.reshape([3]).unwrap_err();
    assert_eq!(error.to_string(), "cannot reshape [2, 2] to [3]: the number of elements differs");
}

#[test]
fn vectors_and_buffers_become_tensors_uncopied() {
    let elements = vec![1f32, 2., 3., 4.];
    let address = elements.as_ptr();
    let tensor = Tensor::from_vec([2, 2], elements).unwrap();
    assert_eq!(tensor.as_slice::<f32>().unwrap().as_ptr(), address);

    let frame = Bytes::from(vec![7u8; 16]);
    let tensor = Tensor::new(DType::U8, [4], frame.slice(3..7)).unwrap();
    assert_eq!(tensor.bytes().as_ptr(), frame[3..].as_ptr());
}

#[test]
fn debug_shows_dtype_and_shape_alone() {
    assert_eq!(format!("{:?}", Tensor::from_rows(&[[1f32; 4]; 2])), "Tensor(f32 [2, 4])");
}

#[test]
fn json_gives_shapes() {
    let cases: [(&str, &[usize]); 9] = [
        ("1", &[]),
        ("[]", &[0]),
        ("[1, -2.5, 3e2]", &[3]),
        ("[[1], [2]]", &[2, 1]),
        ("[[], []]", &[2, 0]),
        ("[[[]], [[]]]", &[2, 1, 0]),
        ("[[[[[[[[1]]]]]]]]", &[1; 8]),
        (r#"{"dtype": "f32", "shape": [0, 4], "data": ""}"#, &[0, 4]),
        (r#"{"dtype": "f32", "shape": [1], "data": "AAAAAA=="}"#, &[1]),
    ];
    for (json, shape) in cases {
        let tensor: Tensor = serde_json::from_str(json).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (DType::F32, shape), "{json}");
    }
}

#[test]
fn json_that_is_no_tensor_is_refused_with_the_position() {
    let cases = [
        ("[[1, 2], [3]]", "ragged list at [1]: expected length 2, got 1"),
        ("[[1], [2, 3]]", "ragged list at [1]: expected length 1, got 2"),
        ("[[[1], [2]], [[3], []]]", "ragged list at [1, 1]: expected length 1, got 0"),
        ("[[], [1]]", "ragged list at [1]: expected length 0, got 1"),
        ("[[], [[]]]", "ragged list at [1]: expected length 0, got 1"),
        ("[1, [2]]", "expected a number at [1], got a list"),
        ("[[[1]], [2]]", "expected a list at [1, 0], got a number"),
        ("[[], 1]", "expected a list at [1], got a number"),
        ("[[[[[[[[[1]]]]]]]]]", "expected at most 8 dimensions, got 9"),
        ("[1, 1e39]", "1e39 at [1] cannot be represented as f32"),
        ("[1, 1e400]", "number out of range"),
        ("[null]", "invalid type: null, expected a number or a list of numbers"),
        ("true", "invalid type: boolean `true`, expected a tensor as nested lists of numbers"),
        ("{}", "missing field `dtype`"),
        (r#"{"dtype": "u32", "shape": [], "data": "AAAAAA=="}"#, "expected a f32 tensor, got u32"),
    ];
    for (json, message) in cases {
        assert_eq!(json_error(DType::F32, json), message, "{json}");
    }
}

#[test]
fn integers_in_json_are_exact() {
    let extremes = from_json(DType::I64, "[9223372036854775807, -9223372036854775808, 1e3]");
    assert_eq!(extremes.unwrap().to_vec::<i64>().unwrap(), [i64::MAX, i64::MIN, 1000]);
    let cases = [
        (DType::U8, "[0, 300]", "300 at [1] cannot be represented as u8"),
        (DType::U32, "[[-1]]", "-1 at [0, 0] cannot be represented as u32"),
        (DType::I64, "1.5", "1.5 cannot be represented as i64"),
        (DType::I64, "9223372036854775808", "9.223372036854776e18 cannot be represented as i64"),
    ];
    for (dtype, json, message) in cases {
        assert_eq!(json_error(dtype, json), message, "{json}");
    }
}

#[test]
fn depth_bombs_end_at_the_limit() {
    let bomb = "[".repeat(1 << 20);
    assert_eq!(json_error(DType::F32, &bomb), "expected at most 8 dimensions, got 9");
    let bomb = vec![0x91; 1 << 20];
    assert!(rmp_serde::from_slice::<Tensor>(&bomb).is_err());
}

#[test]
fn json_has_no_infinities() {
    let tensor = Tensor::from_rows(&[[1f32, 2.], [3., f32::NAN]]);
    let error = serde_json::to_string(&tensor).unwrap_err();
    assert_eq!(error.to_string(), "NaN at [1, 1] cannot be written as JSON");
    let error = serde_json::to_string(&Tensor::scalar(f64::NEG_INFINITY)).unwrap_err();
    assert_eq!(error.to_string(), "-inf cannot be written as JSON");
}

#[test]
fn empty_tensors_are_not_endless_json() {
    let empty = |shape: &[usize]| Tensor::new(DType::F32, shape, Bytes::new()).unwrap();
    assert_eq!(serde_json::to_string(&empty(&[0, 1 << 40])).unwrap(), "[]");
    assert_eq!(serde_json::to_string(&empty(&[2, 0, 3])).unwrap(), "[[],[]]");
    let error = serde_json::to_string(&empty(&[1 << 40, 0])).unwrap_err();
    assert_eq!(error.to_string(), "an empty tensor of shape [1099511627776, 0] is too long for JSON");
}

#[test]
fn messagepack_claims_are_checked() {
    let cases = [
        (claim("f32", &[1 << 40], 8), "f32 [1099511627776] takes 4398046511104 bytes, got 8"),
        (claim("f32", &[2], 7), "f32 [2] takes 8 bytes, got 7"),
        (claim("f32", &[1 << 62, 8], 0), "the size of f32 [4611686018427387904, 8] overflows"),
        (claim("u8", &[1; 9], 1), "expected at most 8 dimensions, got 9"),
    ];
    for (message, error) in cases {
        assert_eq!(rmp_serde::from_slice::<Tensor>(&message).unwrap_err().to_string(), error);
    }
}

#[test]
fn messagepack_with_a_length_beyond_its_end_is_refused() {
    let mut message = claim("u8", &[3], 3);
    message.truncate(message.len() - 5);
    message.extend([0xc6, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]); // bin 32 of 4 GiB, 3 bytes there
    assert!(rmp_serde::from_slice::<Tensor>(&message).is_err());
    assert!(rmp_serde::from_read::<_, Tensor>(&message[..]).is_err());
}

#[test]
fn messagepack_writes_data_as_one_byte_string() {
    let message = rmp_serde::to_vec_named(&Tensor::from(vec![1f32; 1000])).unwrap();
    assert!(message.len() < 4000 + 40, "{} bytes", message.len());
    assert!(message.ends_with(bytemuck::cast_slice(&[1f32; 1000])));
}

#[test]
fn a_declared_dtype_holds_in_messagepack_too() {
    let message = rmp_serde::to_vec_named(&Tensor::from(vec![1f32])).unwrap();
    assert!(de::f32(&mut rmp_serde::Deserializer::from_read_ref(&message)).is_ok());
    let error = de::u32(&mut rmp_serde::Deserializer::from_read_ref(&message)).unwrap_err();
    assert_eq!(error.to_string(), "expected a u32 tensor, got f32");
}

#[test]
fn tensors_survive_tagged_and_untagged_enums() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Rows { rows: Tensor },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Rows(Tensor),
    }
    let rows = Tensor::from_rows(&[[1f32, 2.], [3., 4.]]);
    let message = (Tagged::Rows { rows: rows.clone() }, Untagged::Rows(rows));
    let packed = rmp_serde::to_vec_named(&message).unwrap();
    assert_eq!(rmp_serde::from_slice::<(Tagged, Untagged)>(&packed).unwrap(), message);
    let json = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<(Tagged, Untagged)>(&json).unwrap(), message);
}
