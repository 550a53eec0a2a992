//! A body that is the elements of a tensor, with its dtype and shape in headers.

use actix_web::http::header::{HeaderMap, HeaderName};
use bytes::Bytes;
use playhouse_actors::tensor::RANK_MAX;
use playhouse_actors::{DType, Tensor};

use super::bad;
use crate::gateway::problem::Problem;

/// The dtype of a raw tensor, such as `f32`.
pub(in crate::gateway) const DTYPE: HeaderName = HeaderName::from_static("x-tensor-dtype");

/// The shape of a raw tensor, such as `256,1024`; empty for a single number.
pub(in crate::gateway) const SHAPE: HeaderName = HeaderName::from_static("x-tensor-shape");

/// What the bytes of a raw tensor are.
pub(super) struct Shape {
    dtype: DType,
    shape: Vec<usize>,
}

impl Shape {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let dtype = text(headers, &DTYPE, "such as f32")?;
        let dtype = dtype.parse().map_err(|error| bad(format!("{DTYPE}: {error}")))?;
        let shape = text(headers, &SHAPE, "the length of each dimension, such as 256,1024")?;
        Ok(Self { dtype, shape: lengths(shape)? })
    }

    /// The tensor of these bytes, which are not copied. A body that came in more than one piece has a buffer of its own,
    /// which is aligned; a short one is a slice of the connection's buffer and may not be, so that whoever wants its
    /// elements as a slice copies them.
    pub(super) fn tensor(self, bytes: Bytes) -> Result<Tensor, Problem> {
        Tensor::new(self.dtype, self.shape, bytes)
            .map_err(|error| bad(format!("the body does not fit {DTYPE} and {SHAPE}: {error}")))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName, expected: &str) -> Result<&'a str, Problem> {
    let missing = || bad(format!("the header {name} is missing: a raw tensor needs it, {expected}"));
    let value = headers.get(name).ok_or_else(missing)?;
    value.to_str().map(str::trim).map_err(|_| bad(format!("{name} is {value:?}: expected {expected}")))
}

/// The lengths in `256,1024`.
fn lengths(shape: &str) -> Result<Vec<usize>, Problem> {
    if shape.is_empty() {
        return Ok(Vec::new());
    }
    let wrong =
        || bad(format!("{SHAPE} is {shape:?}: expected whole numbers such as 256,1024, at most {RANK_MAX} of them"));
    if shape.split(',').count() > RANK_MAX {
        return Err(wrong());
    }
    shape.split(',').map(|length| length.trim().parse().map_err(|_| wrong())).collect()
}
