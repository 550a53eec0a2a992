//! What comes to pass.

use std::time::Duration;

use crate::network::Cut;
use crate::stage::{Place, Stage};

/// Those that need nothing but processes.
pub(crate) const ANYWHERE: &[(&str, fn())] = &[
    ("killed::on_tcp", killed_on_tcp),
    ("killed::on_a_unix_socket", killed_on_a_unix_socket),
    ("stopped::for_long", stopped_for_long),
    ("stopped::on_a_unix_socket", stopped_on_a_unix_socket),
    ("stopped::for_less_than_the_limit", stopped_for_less_than_the_limit),
    ("hung", hung),
    ("callers_that_are_killed", callers_that_are_killed),
];

/// Those that need a network of their own.
pub(crate) const IN_NETWORKS: &[(&str, fn())] = &[
    ("cut::both_ways", cut_both_ways),
    ("cut::replica_is_deaf", cut_replica_is_deaf),
    ("cut::replica_is_mute", cut_replica_is_mute),
    ("cut::unplugged", cut_unplugged),
    ("cut::restarted_behind_it", cut_restarted_behind_it),
    ("cut::caller_vanishes", cut_caller_vanishes),
];

/// Less than the 3 s of silence after which a node counts as dead.
const SHORT: Duration = Duration::from_secs(1);

fn killed_on_tcp() {
    killed(Stage::start("killed", Place::Loopback));
}

fn killed_on_a_unix_socket() {
    killed(Stage::start("killed-unix", Place::Unix));
}

/// Killed, and started again at its address, as another life of the same node.
fn killed(mut stage: Stage) {
    stage.loses_victim(|stage| stage.victim().kill());
    stage.finds_victim(Stage::restart_victim);
    stage.finish();
}

fn stopped_for_long() {
    stopped(Stage::start("stopped", Place::Loopback));
}

fn stopped_on_a_unix_socket() {
    stopped(Stage::start("stopped-unix", Place::Unix));
}

/// The system goes on acknowledging what is sent to it, and takes its connections. When it goes on, it answers calls that
/// nobody waits for any more.
fn stopped(mut stage: Stage) {
    stage.loses_victim(Stage::stop_victim);
    stage.finds_victim(Stage::continue_victim);
    stage.finish();
}

/// Nobody notices: its calls take longer, that is all.
fn stopped_for_less_than_the_limit() {
    let mut stage = Stage::start("paused", Place::Loopback);
    stage.pauses_victim(SHORT);
    stage.finish();
}

/// Its control thread does nothing; those that answer calls go on.
fn hung() {
    let mut stage = Stage::start("hung", Place::Loopback);
    stage.loses_victim(|stage| stage.victim().command("hang"));
    stage.finds_victim(|stage| stage.victim().command("wake"));
    stage.finish();
}

fn callers_that_are_killed() {
    let mut stage = Stage::start("visited", Place::Loopback);
    stage.is_visited(|_, visitor| visitor.kill());
    stage.finish();
}

fn cut_both_ways() {
    cut("cut", Cut::BothWays);
}

fn cut_replica_is_deaf() {
    cut("deaf", Cut::Deaf);
}

fn cut_replica_is_mute() {
    cut("mute", Cut::Mute);
}

fn cut_unplugged() {
    cut("unplugged", Cut::Unplugged);
}

fn cut(name: &str, cut: Cut) {
    let mut stage = Stage::start(name, Place::Network);
    stage.loses_victim(|stage| stage.cut_victim(cut));
    stage.finds_victim(Stage::heal_victim);
    stage.finish();
}

/// Connections of which one side knows nothing: noticed by silence while the network is cut, and by the first words that
/// somebody else answers when it is healed at once.
fn cut_restarted_behind_it() {
    let mut stage = Stage::start("half-open", Place::Network);
    let restart = |stage: &mut Stage| {
        stage.cut_victim(Cut::BothWays);
        stage.victim().kill();
        stage.restart_victim();
    };
    stage.loses_victim(restart);
    stage.finds_victim(Stage::heal_victim);
    stage.loses_victim(|stage| {
        restart(stage);
        stage.heal_victim();
    });
    stage.finds_victim(|_| {});
    stage.finish();
}

/// A caller is cut off and ends behind the cut: nobody tells the replicas.
fn cut_caller_vanishes() {
    let mut stage = Stage::start("vanished", Place::Network);
    stage.is_visited(|stage, visitor| {
        stage.cut_visitor();
        visitor.kill();
    });
    stage.finish();
}
