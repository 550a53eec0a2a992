//! One `#[api]` or `#[task]` method.

use proc_macro2::Span;
use syn::{Attribute, Ident, ImplItemFn, LitStr, Type};

use super::argument::Undeclared;
use super::owned::check_owned;
use super::returned::{Returned, blame};
use super::signature::{check_plain, check_shared_self, parameters};
use super::{Argument, Batch, Context, Task, Tensor, batch, task};
use crate::attributes::{Role, documentation, inherited, take_one};
use crate::mistakes::Mistakes;
use crate::names::upper_camel;
use crate::options::{Form, Known, Options, Table};

static TABLE: Table = Table {
    attribute: "#[api(..)]",
    known: &[IDEMPOTENT, VERSION, ROUTE, Known { key: "batch", form: Form::Section(&batch::TABLE) }],
};

pub(super) const IDEMPOTENT: Known = Known { key: "idempotent", form: Form::Flag };
pub(super) const VERSION: Known = Known { key: "version", form: Form::Count { min: 1, max: u32::MAX as u64 } };
pub(super) const ROUTE: Known = Known { key: "route", form: Form::Path };

/// What the client has for itself.
const TAKEN: [&str; 5] = ["client", "with_timeout", "with_affinity", "clone", "from"];

/// One `#[api]` or `#[task]` method.
pub(crate) struct Method {
    pub(crate) name: Ident,
    /// The name of its message.
    pub(crate) message: Ident,
    /// What also holds for the message and for the client's method.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) doc: String,
    pub(crate) is_async: bool,
    pub(crate) idempotent: bool,
    pub(crate) version: Option<u64>,
    /// Its path over HTTP, if that is not its name.
    pub(crate) route: Option<LitStr>,
    /// Whether a body is the value of its only argument.
    pub(crate) root: bool,
    /// How it runs when it is submitted, if it can be.
    pub(crate) task: Option<Task>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) context: Option<Context>,
    pub(crate) kind: Kind,
    /// What one message is answered with; for a stream, one item.
    pub(crate) reply: Type,
    /// Where errors of what it fails with belong.
    pub(crate) blame: Span,
    /// What is declared about the reply.
    pub(crate) tensor: Option<Tensor>,
}

/// How a method answers.
pub(crate) enum Kind {
    Unary,
    Batch(Box<Batch>),
    /// `in_result` if the stream is inside a `Result`.
    Stream {
        in_result: bool,
    },
}

impl Method {
    /// Reads a method with its attribute, which has been taken off it.
    pub(super) fn read(method: &mut ImplItemFn, role: &Role, mistakes: &mut Mistakes) -> Option<Self> {
        let is_task = role.name == "task";
        let table = if is_task { &task::TABLE } else { &TABLE };
        let options = Options::of(&role.attribute.meta, table, mistakes);
        let tensor = take_one(&mut method.attrs, "tensor", mistakes);
        let (mut arguments, context) = parameters_of(method, mistakes);
        check_signature(method, role.name, mistakes);
        let returned = mistakes.keep(Returned::read(&method.sig));
        let root = root(&arguments, mistakes);
        let task = is_task.then(|| Task::read(&options));
        if is_task {
            mistakes.keep(task::check(returned.as_ref(), method));
        }
        let (kind, reply) = kind_and_reply(returned?, &options, method, &mut arguments, mistakes)?;
        if let (Kind::Batch(_), Some(context)) = (&kind, &context) {
            let message = "a method with `batch(..)` answers many calls at once: there is no `Context` for all of them";
            mistakes.note(&context.ty, message);
        }
        check_owned(&reply, "a result", mistakes);
        let tensor = tensor.and_then(|attribute| mistakes.keep(Tensor::read(&attribute, &reply)));
        Some(Self {
            message: upper_camel(&method.sig.ident),
            name: method.sig.ident.clone(),
            attributes: inherited(&method.attrs),
            doc: documentation(&method.attrs),
            is_async: method.sig.asyncness.is_some(),
            idempotent: options.has("idempotent"),
            version: options.get("version").and_then(|version| version.count()),
            route: options.get("route").and_then(|route| route.path()).cloned(),
            root,
            task,
            arguments: arguments.into_iter().map(|argument| argument.declare(mistakes)).collect(),
            context,
            kind,
            reply,
            blame: blame(&method.sig),
            tensor,
        })
    }

    /// Whether it blocks its thread rather than awaits. A stream is awaited, whatever made it.
    pub(crate) fn computes(&self) -> bool {
        !self.is_async && !matches!(self.kind, Kind::Stream { .. })
    }

    /// Where its name stands.
    pub(super) fn span(&self) -> Span {
        self.name.span()
    }
}

/// The arguments, and the parameter that is none.
fn parameters_of(method: &mut ImplItemFn, mistakes: &mut Mistakes) -> (Vec<Undeclared>, Option<Context>) {
    let (mut arguments, mut context) = (Vec::new(), None);
    for (position, parameter) in parameters(&mut method.sig).enumerate() {
        if !Context::is_type(&parameter.ty) {
            arguments.push(Undeclared::read(parameter, mistakes));
        } else if context.is_none() {
            context = Some(Context::read(position, parameter, mistakes));
        } else {
            mistakes.note(&parameter.ty, "a method takes one `Context`: this is the second");
        }
    }
    (arguments, context)
}

fn check_signature(method: &ImplItemFn, role: &str, mistakes: &mut Mistakes) {
    check_plain(&method.sig, role, mistakes);
    check_shared_self(&method.sig, role, mistakes);
    let name = &method.sig.ident;
    if TAKEN.iter().any(|taken| name == taken) {
        mistakes.note(name, format!("the client has a `{name}` of its own: give the method another name"));
    }
}

/// Whether the body is the value of an argument, which has to be the only one then.
fn root(arguments: &[Undeclared], mistakes: &mut Mistakes) -> bool {
    let root = arguments.iter().find_map(|Undeclared { argument, .. }| argument.root.as_ref());
    if let Some(root) = root.filter(|_| arguments.len() > 1) {
        mistakes.note(root, "`#[root]` makes the body of a request the argument, which has to be the only one");
    }
    root.is_some()
}

fn kind_and_reply(
    returned: Returned,
    options: &Options,
    method: &ImplItemFn,
    arguments: &mut [Undeclared],
    mistakes: &mut Mistakes,
) -> Option<(Kind, Type)> {
    let batch = options.get("batch").and_then(|batch| batch.section());
    match (returned, batch) {
        (Returned::Once(reply), None) => Some((Kind::Unary, reply)),
        (Returned::Once(mut reply), Some(batch)) => {
            let batch = Batch::read(batch, &method.sig, arguments, &mut reply, mistakes)?;
            Some((Kind::Batch(Box::new(batch)), reply))
        }
        (Returned::Stream { item, in_result }, None) => Some((Kind::Stream { in_result }, item)),
        (Returned::Stream { .. }, Some(_)) => {
            mistakes.note(&method.sig.output, "a method with `batch(..)` answers each call once: it cannot stream");
            None
        }
    }
}
