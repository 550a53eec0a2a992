//! What a cluster does, on every transport: each scenario runs on TCP, on TCP that
//! is left for unix sockets, on those, within one process, and simulated.

#![allow(clippy::unwrap_used)]

mod answers;
mod counting;
mod failures;
mod members;
mod mute;
mod probe;
mod routing;
mod simulated;
mod streams;
mod world;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use world::{Kind, World};

type Scenario = fn(World) -> Pin<Box<dyn Future<Output = ()>>>;

/// The name of a function, and the function as a scenario.
macro_rules! scenarios {
    ($($module:ident: $($name:ident)*;)*) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), |world| Box::pin($module::$name(world))),)*)*]
    };
}

const SCENARIOS: &[(&str, Scenario)] = scenarios! {
    answers: a_call_is_answered calls_go_both_ways many_calls_get_their_own_answers a_tensor_comes_back_as_it_was
        json_passes_through a_short_call_passes_a_long_body tell_arrives;
    failures: an_error_names_who_failed a_panic_is_typed input_that_does_not_fit_is_rejected
        a_method_that_is_not_there_is_rejected a_full_replica_refuses a_deadline_ends_the_call_there_too
        a_dropped_call_is_cancelled_there a_body_that_is_too_long_is_not_sent
        what_has_not_started_is_not_sent_afterwards;
    streams: items_come_in_order a_stream_goes_at_the_pace_of_its_reader a_dropped_stream_is_cancelled_there
        an_error_in_a_stream_is_its_end long_items_come_whole;
    routing: two_versions_live_side_by_side a_lost_call_that_may_run_twice_is_made_again a_method_knows_who_calls
        a_node_of_another_zone_comes_last a_heavier_node_gets_more;
    members: a_lost_node_ends_its_calls_at_once a_node_that_comes_back_is_found_again
        a_draining_node_finishes_and_takes_nothing_new a_node_that_is_dialled_leaves_in_a_moment
        a_node_that_dials_leaves_in_a_moment nodes_of_one_machine_leave_the_network_if_they_are_to
        a_ping_is_answered_and_what_is_offered_is_known_then groups_come_and_go other_clusters_are_refused
        a_node_does_not_call_itself a_node_that_falls_silent_is_dead calls_spread_over_two_nodes;
};

fn main() -> ExitCode {
    let trials = Kind::ALL.iter().flat_map(|&kind| {
        SCENARIOS.iter().map(move |&(name, scenario)| {
            Trial::test(format!("{}::{name}", kind.name()), move || {
                kind.run(scenario);
                Ok(())
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
