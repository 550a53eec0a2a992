//! `#[api(batch(..))]`: a method that is given many messages at once.

use std::time::Duration;

use syn::{ExprPath, Ident, ReturnType, Signature, Type};

use super::argument::Undeclared;
use super::returned::{result_of, vec_of};
use crate::mistakes::Mistakes;
use crate::options::{Form, Known, Options, Table};

pub(super) static TABLE: Table = Table {
    attribute: "batch(..)",
    known: &[
        Known { key: "max_size", form: Form::Count { min: 1, max: u32::MAX as u64 } },
        Known { key: "max_latency", form: Form::Duration { zero: true } },
        Known { key: "max_cost", form: Form::Count { min: 1, max: u64::MAX } },
        Known { key: "cost", form: Form::Function },
        Known { key: "check", form: Form::Function },
    ],
};

/// How a method gathers messages.
pub(crate) struct Batch {
    pub(crate) max_size: u64,
    pub(crate) max_latency: Option<Duration>,
    pub(crate) max_cost: Option<u64>,
    pub(crate) cost: Option<ExprPath>,
    pub(crate) check: Option<ExprPath>,
    /// Whether each message has a result of its own: `Result<Vec<Result<T>>>`.
    pub(crate) each: bool,
}

impl Batch {
    /// Reads the options, and what the method takes and gives for one message: `argument` and `reply` are those of many
    /// before, and those of one afterwards.
    ///
    /// # Errors
    /// At the method's name, parameters or return type.
    pub(super) fn read(
        options: &Options,
        signature: &Signature,
        arguments: &mut [Undeclared],
        reply: &mut Type,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        mistakes.keep(one_argument(&signature.ident, arguments));
        let each = mistakes.keep(one_reply(&signature.output, reply));
        let max_size = options.get("max_size").and_then(|max_size| max_size.count());
        if max_size.is_none() {
            mistakes.note(&signature.ident, "a batch has a bound: `#[api(batch(max_size = 32))]`");
        }
        let function = |key| options.get(key).and_then(|given| given.function()).cloned();
        Some(Self {
            max_size: max_size?,
            max_latency: options.get("max_latency").and_then(|latency| latency.duration()),
            max_cost: options.get("max_cost").and_then(|cost| cost.count()),
            cost: function("cost"),
            check: function("check"),
            each: each?,
        })
    }
}

fn one_argument(method: &Ident, arguments: &mut [Undeclared]) -> syn::Result<()> {
    let expected = "a method with `batch(..)` takes one `Vec<T>`, the arguments of many calls";
    match arguments {
        [] => Err(syn::Error::new(method.span(), expected)),
        [Undeclared { argument, .. }] => match vec_of(&argument.ty) {
            Some(item) => {
                argument.ty = item.clone();
                Ok(())
            }
            None => Err(syn::Error::new_spanned(&argument.ty, expected)),
        },
        [_, second, ..] => Err(syn::Error::new_spanned(&second.argument.name, expected)),
    }
}

/// Whether each message has a result of its own.
fn one_reply(output: &ReturnType, reply: &mut Type) -> syn::Result<bool> {
    let Some(item) = vec_of(reply) else {
        let expected = "a method with `batch(..)` returns `Result<Vec<T>>` or `Result<Vec<Result<T>>>`, in the order of its argument";
        return Err(syn::Error::new_spanned(output, expected));
    };
    let own = result_of(item).cloned();
    let each = own.is_some();
    *reply = own.unwrap_or_else(|| item.clone());
    Ok(each)
}
