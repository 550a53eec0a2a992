//! Models on candle: the files they are loaded from, the device they compute on, and tensors on their way in and out.
//!
//! A service asks for both in its constructor: `#[model("iris:latest")] files: ModelFiles` is the folder of one version
//! in the [`ModelStore`], [`Device`] is where to compute. [`CandleExt`] turns the [`Tensor`](playhouse_actors::Tensor)
//! of a message into one of candle's and back. [`Mlp`] is a small classifier that is ready to use.

mod budget;
mod convert;
mod device;
mod error;
mod files;
mod mlp;
mod reference;
mod store;

pub(crate) use budget::claim_process;
pub use convert::CandleExt;
pub use device::Device;
pub use error::Error;
pub use files::ModelFiles;
pub use mlp::{Mlp, Training};
pub use reference::{Reference, Version};
pub use store::ModelStore;
