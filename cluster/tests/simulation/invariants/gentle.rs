//! Where nodes leave in good order and nothing else happens, no call is lost that one of them had accepted.

use playhouse_actors::ErrorKind;

use crate::oracle::End;
use crate::report::Report;

pub(crate) fn violations(report: &Report) -> Vec<String> {
    if !report.gentle {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (&number, call) in &report.calls {
        if call.ends.iter().any(|(_, end)| is_loss(end)) {
            found.push(format!("call {number} was lost{}", report.story_of(number)));
        }
    }
    found
}

fn is_loss(end: &End) -> bool {
    matches!(end, End::Failed(error) if matches!(error.kind(), ErrorKind::MayHaveRun { .. } | ErrorKind::Cancelled))
}
