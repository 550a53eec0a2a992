//! Nodes that come and go.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use playhouse_actors::{ErrorKind, Settings};
use playhouse_cluster::{Address, ClusterConfig, PeerState, PeerStatus};
use tokio::time::Instant;

use crate::counting::Counting;
use crate::mute;
use crate::probe::{Probe, ProbeClient, running};
use crate::world::{Node, World, services, until};

pub(crate) async fn a_lost_node_ends_its_calls_at_once(world: World) {
    let (here, there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let call = client.hang();
    let lose = async {
        until(|| running() == 1).await;
        there.kill().await;
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        answer = call => answer.unwrap_err(),
        () = lose => unreachable!(),
    };
    assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
    here.finds("Probe", 0).await;
    let error = client.echo("gone".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
}

pub(crate) async fn a_node_that_comes_back_is_found_again(world: World) {
    let (near, far) = (world.address(), world.address());
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far])).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let error = client.echo("early".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    for _ in 0..3 {
        let there = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
        here.finds("Probe", 1).await;
        assert_eq!(client.echo("there".into()).await, Ok("there".to_owned()));
        there.kill().await;
        here.finds("Probe", 0).await;
    }
}

pub(crate) async fn a_draining_node_finishes_and_takes_nothing_new(world: World) {
    let (here, there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let (runtime, cluster) = (there.runtime, there.cluster);
    let accepted = client.sleep(200);
    let leave = async {
        until(|| running() == 1).await;
        cluster.drain();
        assert!(runtime.drain(Duration::from_secs(5)).await.given_up.is_empty());
        assert!(cluster.leave(Duration::from_secs(5)).await, "nothing is left in flight");
    };
    let (answer, ()) = tokio::join!(accepted, leave);
    assert_eq!(answer, Ok(200));
    let error = client.echo("late".into()).await.unwrap_err();
    assert!(error.proves_not_started() && error.is_retryable(), "{error:?}");
}

pub(crate) async fn a_node_that_is_dialled_leaves_in_a_moment(world: World) {
    let (near, far) = (world.address(), world.address());
    let there = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
    let dials = Arc::new(Counting::of(world.config(&near, &[]).transport));
    let config = ClusterConfig { transport: Arc::clone(&dials) as _, ..world.config(&near, &[&far]) };
    let here = world.node(services().elsewhere("Probe"), config).await;
    here.finds("Probe", 1).await;
    let name = there.cluster.node().clone();
    leaves_in_a_moment(&world, there).await;
    let has_left = |peer: &PeerStatus| matches!(&peer.state, PeerState::Left { node, .. } if *node == name);
    here.cluster.until(|peers| peers.iter().any(has_left)).await;
    if world.has_clock() {
        let before = dials.count();
        tokio::time::sleep(Duration::from_secs(1)).await;
        // The pauses are of 25 ms at least.
        assert!(dials.count() - before <= 40, "{} attempts in a second", dials.count() - before);
        assert!(here.cluster.peers().iter().all(has_left), "{:?}", here.cluster.peers());
    }
}

pub(crate) async fn a_node_that_dials_leaves_in_a_moment(world: World) {
    let (here, there) = world.pair().await;
    leaves_in_a_moment(&world, here).await;
    there.cluster.until(<[_]>::is_empty).await;
}

pub(crate) async fn a_ping_is_answered_and_what_is_offered_is_known_then(world: World) {
    for offers in [false, true] {
        let (near, far) = (world.address(), world.address());
        let there = if offers { services().service::<Probe>() } else { services() };
        let there = world.node(there, world.config(&far, &[])).await;
        let here = world.node(services(), world.config(&near, &[&far])).await;
        here.cluster.until(|peers| peers.iter().any(PeerStatus::is_connected)).await;
        let name = there.cluster.node().clone();
        let (one, other) = tokio::join!(here.cluster.ping(&name), here.cluster.ping(&name));
        assert!(one.is_some() && other.is_some());
        assert_eq!(here.cluster.peers()[0].offers("Probe"), offers);
        there.kill().await;
        here.cluster.until(|peers| !peers.iter().any(PeerStatus::is_connected)).await;
        assert_eq!(here.cluster.ping(&name).await, None);
    }
}

pub(crate) async fn nodes_of_one_machine_leave_the_network_if_they_are_to(world: World) {
    let (near, far) = (world.address(), world.address());
    let there = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
    let dials = Arc::new(Counting::of(world.config(&near, &[]).transport));
    let config = ClusterConfig { transport: Arc::clone(&dials) as _, ..world.config(&near, &[&far]) };
    let here = world.node(services().elsewhere("Probe"), config).await;
    here.finds("Probe", 1).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    assert_eq!(client.echo("there".into()).await, Ok("there".to_owned()));
    let dialled = dials.dialled();
    assert_eq!(dialled[0], far, "the control connection");
    let is_beside = |address: &Address| matches!(address, Address::Unix(name) if name.starts_with("@playhouse-"));
    let beside = dialled[1..].iter().filter(|address| is_beside(address) && **address != far).count();
    assert_eq!(beside, if world.is_same_host() { dialled.len() - 1 } else { 0 }, "{dialled:?}");
    assert_eq!(there.cluster.addresses(), [far], "it is none that others should be told");
}

async fn leaves_in_a_moment(world: &World, node: Node) {
    let began = Instant::now();
    assert!(node.cluster.leave(Duration::from_secs(5)).await, "nothing is in flight");
    // Elsewhere the clock is the real one.
    if world.has_clock() {
        assert!(began.elapsed() < Duration::from_millis(100), "it took {:?}", began.elapsed());
    }
}

pub(crate) async fn groups_come_and_go(world: World) {
    let (near, far) = (world.address(), world.address());
    let there = world.node(services(), world.config(&far, &[])).await;
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far])).await;
    here.cluster.until(|peers| peers.iter().any(|peer| peer.is_connected())).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    for _ in 0..3 {
        let replica = there.runtime.spawn::<Probe>(&Settings::default()).await.unwrap();
        here.finds("Probe", 1).await;
        assert_eq!(client.echo("here".into()).await, Ok("here".to_owned()));
        assert!(there.runtime.stop(&replica, Duration::from_secs(5)).await);
        here.finds("Probe", 0).await;
    }
}

pub(crate) async fn other_clusters_are_refused(world: World) {
    let (near, far) = (world.address(), world.address());
    let theirs = ClusterConfig { cluster: "theirs".into(), ..world.config(&far, &[]) };
    let _there = world.node(services().service::<Probe>(), theirs).await;
    let here = world.node(services(), world.config(&near, &[&far])).await;
    here.cluster.until(|peers| refused(peers, "belongs to the cluster `default`, this node to `theirs`")).await;
}

pub(crate) async fn a_node_does_not_call_itself(world: World) {
    let near = world.address();
    let here = world.node(services().service::<Probe>(), world.config(&near, &[&near])).await;
    here.cluster.until(|peers| refused(peers, "this very node")).await;
}

pub(crate) async fn calls_spread_over_two_nodes(world: World) {
    let (near, far, further) = (world.address(), world.address(), world.address());
    let first = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
    let second = world.node(services().service::<Probe>(), world.config(&further, &[])).await;
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far, &further])).await;
    here.finds("Probe", 2).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let answers = join_all((0..200).map(|_| client.sleep(1))).await;
    assert!(answers.iter().all(Result::is_ok));
    for node in [&first, &second] {
        let ran = node.runtime.groups()[0].group().stats().ran;
        assert!(ran > 50, "{ran} of 200 calls ran at one of two nodes");
    }
}

fn refused(peers: &[PeerStatus], why: &str) -> bool {
    peers.iter().any(|peer| matches!(&peer.state, PeerState::Unreachable { reason, .. } if reason.contains(why)))
}

pub(crate) async fn a_node_that_falls_silent_is_dead(world: World) {
    const LIMIT: Duration = Duration::from_millis(600);
    let (near, far) = (world.address(), world.address());
    mute::listen(&world, &far).await;
    let config = ClusterConfig { silence_limit: LIMIT, ..world.config(&near, &[&far]) };
    let here = world.node(services().elsewhere("Probe"), config).await;
    here.finds("Probe", 1).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let began = Instant::now();
    let error = client.hang().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
    assert!(error.to_string().contains("it has been silent for 600ms"), "{error}");
    assert!(began.elapsed() < 2 * LIMIT, "after {:?}", began.elapsed());
}
