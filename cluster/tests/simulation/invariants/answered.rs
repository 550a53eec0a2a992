//! A call is answered exactly once, with its own answer, or ends when its deadline has passed.

use crate::oracle::End;
use crate::report::Report;

pub(crate) fn violations(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for (&number, call) in &report.calls {
        let story = || report.story_of(number);
        match call.ends.as_slice() {
            [] => found.push(format!("call {number} never ended{}", story())),
            [(_, End::Wrong(what))] => found.push(format!("call {number} got {what}{}", story())),
            [(_, End::Lost | End::Dropped)] => {}
            [(at, _)] if *at > call.deadline => {
                found.push(format!("call {number} ended after its deadline, {:?}{}", call.deadline, story()));
            }
            [(_, End::Answered)]
                if !call.what.contains("Tell") && !report.runs_of(number).iter().any(|run| run.finished) =>
            {
                found.push(format!("call {number} was answered, and nothing ran to its end for it{}", story()));
            }
            [_] => {}
            ends => found.push(format!("call {number} ended {} times{}", ends.len(), story())),
        }
    }
    found
}
