//! One run of a task: a call like any other, with a deadline of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use playhouse_actors::{AnyClient, Codec, Encoded, Error, ErrorKind};

/// Runs a task with its input, and answers in a codec. Dropping the future cancels the run.
pub(super) type Runner = Arc<dyn Fn(Encoded, Codec) -> BoxFuture<'static, Ended> + Send + Sync>;

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ended {
    Completed(Encoded),
    Failed(Error),
    /// The service proved not to have begun, and wants a pause.
    NotBegun(Duration),
    /// The work was lost in the middle.
    Lost(Error),
}

/// Runs a method through its client, for `timeout` at most; a result of more than `max_result` bytes is an error.
pub(super) fn runner(client: &AnyClient, method: &'static str, timeout: Duration, max_result: usize) -> Runner {
    let client = client.with_timeout(timeout);
    Arc::new(move |input, reply| {
        let client = client.clone();
        let run = async move { judged(client.call(method, input, reply).await, max_result) };
        run.boxed()
    })
}

fn judged(answer: Result<Encoded, Error>, max_result: usize) -> Ended {
    match answer {
        Ok(reply) if reply.len() > max_result => {
            let message = format!("the result has {} bytes, more than the {max_result} that are kept", reply.len());
            Ended::Failed(Error::service("result_too_large", message))
        }
        Ok(reply) => Ended::Completed(reply),
        Err(error) if error.is_retryable() && error.proves_not_started() => Ended::NotBegun(pause(&error)),
        Err(error) if is_lost(&error) => Ended::Lost(error),
        Err(error) => Ended::Failed(error),
    }
}

/// How long the service asks to be left alone.
fn pause(error: &Error) -> Duration {
    match error.kind() {
        ErrorKind::Overloaded { retry_after } => *retry_after,
        _ => Duration::ZERO,
    }
}

/// Whether the run was given up by a drain, or its worker or connection is gone.
fn is_lost(error: &Error) -> bool {
    let kind = matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::MayHaveRun { .. });
    kind && !error.is_from_dependency()
}

#[cfg(test)]
mod tests {
    use playhouse_actors::Hop;

    use super::*;

    fn hop() -> Hop {
        Hop { service: "Trainer".into(), method: "train".into(), replica: String::new() }
    }

    #[test]
    fn what_an_answer_means() {
        let overloaded = || Error::new(ErrorKind::Overloaded { retry_after: Duration::from_millis(70) });
        let lost = || Error::new(ErrorKind::MayHaveRun { reason: "gone".into() });
        let body = |length: usize| Encoded::new(Codec::Json, vec![b'1'; length]);
        let too_large = Error::service("result_too_large", "the result has 9 bytes, more than the 8 that are kept");
        let table = [
            (Ok(body(8)), Ended::Completed(body(8))),
            (Ok(body(9)), Ended::Failed(too_large)),
            (Err(overloaded().refused_by(hop())), Ended::NotBegun(Duration::from_millis(70))),
            (Err(Error::unavailable("none")), Ended::NotBegun(Duration::ZERO)),
            (Err(ErrorKind::Draining.into()), Ended::NotBegun(Duration::ZERO)),
            (Err(overloaded().returned_by(hop())), Ended::Failed(overloaded().returned_by(hop()))),
            (Err(lost()), Ended::Lost(lost())),
            (
                Err(lost().returned_by(hop()).returned_by(hop())),
                Ended::Failed(lost().returned_by(hop()).returned_by(hop())),
            ),
            (Err(ErrorKind::DeadlineExceeded.into()), Ended::Failed(ErrorKind::DeadlineExceeded.into())),
        ];
        for (answer, ended) in table {
            assert_eq!(judged(answer, 8), ended);
        }
    }
}
