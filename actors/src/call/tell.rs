//! Messages whose answers nobody waits for.

use std::sync::Arc;

use super::limit::within;
use super::local::Answer;
use super::told::Told;
use super::{Called, Destination, Tried, request, submission};
use crate::body::Body;
use crate::context::CallContext;
use crate::deadline::Deadlines;
use crate::error::CallResult;
use crate::executor::Executor;
use crate::group::Group;
use crate::group::envelope::Undone;
use crate::router::Route;

/// Sends a message whose answer nobody waits for; it is on its way when this returns, with a deadline like any other.
pub(crate) fn tell(
    destination: Destination<'_>,
    called: &Called<'static>,
    mut body: Body,
    mut context: CallContext,
    executor: &Executor,
) -> CallResult<()> {
    let mut tried = Tried::default();
    loop {
        let chosen = tried.next(destination.routes, called, &mut context)?;
        let undone = match &chosen.route {
            Route::Local(group) => {
                let sent = tell_local(group, destination.deadlines, called, body, &context);
                let Err(undone) = sent else { return Ok(()) };
                undone
            }
            Route::Remote(remote) => {
                let request = request(&**remote, destination.routes, called, &body, &context)?;
                let (deadlines, sent) = (Arc::clone(destination.deadlines), remote.call(request));
                executor.spawn_control(async move {
                    tell_failure(within(&deadlines, context.deadline, sent).await.map(drop));
                });
                return Ok(());
            }
        };
        body = tried.again(undone, &chosen, called)?;
    }
}

fn tell_local(
    group: &Arc<Group>,
    deadlines: &Arc<Deadlines>,
    called: &Called<'_>,
    body: Body,
    context: &CallContext,
) -> Result<(), Undone<Body>> {
    let (submission, encoded) = submission(group, called, body, context)?;
    let waits = (submission.method, submission.context.deadline);
    let admitted = group.submit(submission).map_err(|undone| undone.of(encoded))?;
    let (group, deadlines) = (Arc::clone(group), Arc::clone(deadlines));
    // Its wakers keep it until it is done.
    Arc::<Told>::default().begin(async move {
        let answer = Answer::of(&group, &deadlines, admitted, waits).await;
        tell_failure(answer.map(drop).map_err(|undone| undone.error));
    });
    Ok(())
}

fn tell_failure(answer: CallResult<()>) {
    if let Err(error) = answer {
        tracing::debug!(%error, "a message that was told failed");
    }
}
