//! What all sides of the comparison have in common: the message, and how calls are made and counted.
//!
//! Each side is a program with two roles. `serve` prints its address, then answers. `call ADDRESS` obeys the lines of its
//! input (see [`obey`]), so that sides can take turns while all of them stay connected.

pub mod bare;
mod command;
mod measure;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use command::obey;

/// A message of about 100 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sample {
    pub id: u64,
    pub name: String,
    pub place: String,
    pub values: Vec<f32>,
    pub urgent: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            id: 1 << 40,
            name: "sepal and petal".into(),
            place: "somewhere".into(),
            values: vec![5.1, 3.5, 1.4, 0.2],
            urgent: false,
        }
    }
}

/// The caller's side of one side of the comparison.
#[expect(async_fn_in_trait, reason = "callers stay on one thread")]
pub trait Caller: Clone + 'static {
    /// One call with a short message, which comes back.
    async fn echo(&self, sample: Sample) -> Sample;

    /// One call with so many bytes of a tensor, which come back. How many did; `None` of a side that has no tensors.
    async fn tensor(&self, _tensor: Bytes) -> Option<usize> {
        None
    }
}

/// What a program of the comparison is to do.
pub enum Role {
    /// Answer calls; where it is told.
    Serve(Option<String>),
    /// Make calls to this address.
    Call(String),
}

impl Role {
    /// The role that the arguments of this program name.
    #[must_use]
    pub fn of_arguments() -> Self {
        let mut arguments = std::env::args().skip(1);
        match (arguments.next().as_deref(), arguments.next()) {
            (Some("serve"), place) => Self::Serve(place),
            (Some("call"), Some(address)) => Self::Call(address),
            _ => panic!("serve [ADDRESS] | call ADDRESS"),
        }
    }
}

/// Runs `work` on a runtime of one thread, with room for tasks that stay there.
pub fn run<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, work)
}
