//! Models on candle: the files they are loaded from, the device they compute on, and tensors on their way in and out.
//!
//! A service asks for both in its constructor: `#[model("iris:latest")] files: ModelFiles` is the folder of one version
//! in the [`ModelStore`], [`Device`] is where to compute. [`CandleExt`] turns the [`Tensor`](playhouse_actors::Tensor)
//! of a message into one of candle's and back. [`Mlp`] is a small classifier that is ready to use.

mod budget;
mod convert;
mod device;
mod digest;
mod disk;
mod error;
mod files;
mod intake;
mod manifest;
mod mlp;
mod progress;
mod reference;
mod store;

pub(crate) use budget::claim_process;
pub use convert::CandleExt;
pub use device::Device;
pub use error::Error;
pub use files::{Damage, ModelCheck, ModelFiles};
pub(crate) use intake::Intake;
pub use manifest::{FileRecord, Format, Manifest, Origin, Package, TensorRecord, Tensors};
pub use mlp::{Mlp, Training};
pub(crate) use progress::Progress;
pub use reference::{Reference, Version};
pub(crate) use store::{Added, Addition};
pub use store::{Listed, ModelStore};
