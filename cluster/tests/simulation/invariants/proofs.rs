//! An error that proves that nothing ran is true.

use crate::oracle::End;
use crate::report::Report;

pub(crate) fn violations(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for (&number, call) in &report.calls {
        let proves = |end: &End| matches!(end, End::Failed(error) if error.proves_not_started());
        if call.ends.iter().any(|(_, end)| proves(end)) && !report.runs_of(number).is_empty() {
            found.push(format!("call {number} is said not to have started, and ran{}", report.story_of(number)));
        }
    }
    found
}
