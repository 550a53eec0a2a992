//! Brings a call of the peer to its group, and its answer back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use playhouse_actors::{
    Answering, CallContext, Caller, Codec, Encoded, Error, ErrorKind, Inbound, Origin, SpanId, TraceContext, TraceId,
};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::Connection;
use super::serving::{Refusal, Served, Stream};
use crate::exposed::{Exposed, Method};
use crate::wire::RequestHeader;

/// When a call that found no room may be made again.
const RETRY_AFTER: Duration = Duration::from_millis(10);
/// A deadline that is further away counts as one that is so far away.
const REMAINING_MAX: Duration = Duration::from_secs(86_400 * 365);

/// A call of the peer, without its arguments.
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) deadline: Instant,
    began: Instant,
    method: u32,
    credit: u32,
    reply: Codec,
    trace: Option<TraceContext>,
    attempt: u8,
    origin: Origin,
}

/// A call by the identifier of one that is not over.
pub(super) struct AlreadyBegun;

impl Call {
    pub(super) fn of(header: &RequestHeader<'_>, now: Instant) -> Self {
        let &RequestHeader { id, method, credit, reply, attempt, caller, request_id, .. } = header;
        let remaining = Duration::from_micros(header.remaining_us).min(REMAINING_MAX);
        let trace = header.trace.and_then(|trace| {
            let (of, span) = (u128::from_be_bytes(trace.trace), u64::from_be_bytes(trace.span));
            Some(TraceContext::of_parts(TraceId::new(of)?, SpanId::new(span)?, trace.flags, trace.state))
        });
        let mut origin = Origin::default();
        let caller_of = |(service, method): (&str, &str)| Caller {
            service: service.to_owned().into(),
            method: method.to_owned().into(),
        };
        origin.caller = (!caller.0.is_empty()).then(|| caller_of(caller));
        origin.request_id = (!request_id.is_empty()).then(|| request_id.into());
        Self { id, deadline: now + remaining, began: now, method, credit, reply, trace, attempt, origin }
    }
}

/// Begins to answer a call.
///
/// # Errors
/// When there is one by the same identifier.
pub(super) fn begin(
    connection: &Arc<Connection>,
    exposed: &Exposed,
    call: Call,
    body: Encoded,
) -> Result<(), AlreadyBegun> {
    let (id, credit) = (call.id, call.credit);
    let method = match exposed.find(call.method) {
        Ok(method) => method,
        Err(error) => {
            connection.refuse(id, error);
            return Ok(());
        }
    };
    let Call { began, deadline, trace, attempt, mut origin, reply, .. } = call;
    if method.served.description().methods[method.index].context {
        origin.node = Some(Arc::clone(&connection.node));
    }
    let context = CallContext { began, deadline, trace, attempt };
    let inbound = Inbound { method: method.index, body, reply, context, origin };
    let taken_in = match credit {
        0 => once(connection, method, id, inbound),
        credit => stream(connection, method, id, inbound, credit),
    };
    match taken_in {
        Ok(()) => {}
        Err(Refusal::Known) => return Err(AlreadyBegun),
        Err(Refusal::Full) => connection.refuse(id, ErrorKind::Overloaded { retry_after: RETRY_AFTER }.into()),
    }
    Ok(())
}

fn once(connection: &Arc<Connection>, method: Arc<Method>, id: u64, inbound: Inbound) -> Result<(), Refusal> {
    let (answering, beginning) = Answering::about_to_begin();
    connection.take_in(id, Served::Once { _answering: answering })?;
    let (connection, depth_of) = (Arc::clone(connection), Arc::clone(&method));
    method.served.call(inbound, beginning, move |result| connection.answer(id, depth_of.depth(), result));
    Ok(())
}

fn stream(
    connection: &Arc<Connection>,
    method: Arc<Method>,
    id: u64,
    inbound: Inbound,
    credit: u32,
) -> Result<(), Refusal> {
    let credit = Arc::new(Semaphore::new((credit as usize).min(super::serving::CREDIT_MAX)));
    let answered = send_items(Arc::clone(connection), method, id, inbound, Arc::clone(&credit));
    // It does not begin before this task of ours has gone on.
    let task = tokio::task::spawn_local(answered).abort_handle();
    connection.take_in(id, Served::Stream(Stream { credit, task }))
}

/// Sends the items of a stream, at the pace of who reads them. Aborted when the caller goes.
async fn send_items(
    connection: Arc<Connection>,
    method: Arc<Method>,
    id: u64,
    inbound: Inbound,
    credit: Arc<Semaphore>,
) {
    let fail = |error: Error| connection.answer(id, method.depth(), Err(error));
    let idle_timeout = method.served.group().config().idle_timeout;
    let mut items = match method.served.clone().stream(inbound).await {
        Ok(items) => items,
        Err(error) => return fail(error),
    };
    while let Some(item) = items.next().await {
        let item = match item.and_then(|item| connection.fits(item)) {
            Ok(item) => item,
            Err(error) => return fail(error),
        };
        let room = async {
            // Never closed: it goes with this task.
            credit.acquire().await.map(|permit| permit.forget()).ok();
            connection.until_room(id).await;
        };
        if timeout(idle_timeout, room).await.is_err() {
            return fail(ErrorKind::DeadlineExceeded.into());
        }
        if !connection.send_item(id, &item) {
            return;
        }
    }
    // The end may not overtake the last item.
    connection.until_room(id).await;
    connection.end_stream(id, method.depth());
}
