//! What an `impl` says, once it has been understood.

mod argument;
mod batch;
mod constructor;
mod context;
mod depends;
mod hook;
mod method;
mod owned;
mod returned;
mod service;
mod settings;
mod signature;
mod task;
mod tensor;

pub(crate) use self::argument::Argument;
pub(crate) use self::batch::Batch;
pub(crate) use self::constructor::{Constructor, Parameter};
pub(crate) use self::context::Context;
pub(crate) use self::depends::Depends;
pub(crate) use self::hook::{Hook, HookKind};
pub(crate) use self::method::{Kind, Method};
pub(crate) use self::service::Service;
pub(crate) use self::settings::{Section, Settings};
pub(crate) use self::task::Task;
pub(crate) use self::tensor::Tensor;
