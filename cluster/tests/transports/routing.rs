//! Which node a call goes to, and what it brings along.

use std::time::Duration;

use playhouse_actors::{Context, ErrorKind, RequestHead, Result, service};
use playhouse_cluster::ClusterConfig;

use crate::probe::{Probe, ProbeClient};
use crate::world::{Node, World, services, until};

/// A service as it was, and as it is now.
mod old {
    use super::*;

    pub(crate) struct Shelf;

    #[service(workers = 1)]
    impl Shelf {
        #[init]
        fn new() -> Self {
            Shelf
        }

        #[api]
        async fn look(&self) -> Result<u32> {
            Ok(1)
        }
    }
}

mod new {
    use super::*;

    pub(crate) struct Shelf;

    #[service(workers = 1)]
    impl Shelf {
        #[init]
        fn new() -> Self {
            Shelf
        }

        #[api(version = 2)]
        async fn look(&self) -> Result<u32> {
            Ok(2)
        }
    }
}

/// Asks another node, for whoever asks here.
struct Relay {
    probe: ProbeClient,
}

#[service(workers = 1)]
impl Relay {
    #[init]
    fn new(probe: ProbeClient) -> Self {
        Relay { probe }
    }

    #[api]
    async fn ask(&self) -> Result<String> {
        Ok(self.probe.who().await?)
    }
}

pub(crate) async fn two_versions_live_side_by_side(world: World) {
    let (near, far, further) = (world.address(), world.address(), world.address());
    let _before = world.node(services().service::<old::Shelf>(), world.config(&far, &[])).await;
    let after = world.node(services().service::<new::Shelf>(), world.config(&further, &[])).await;
    let here = world.node(services().elsewhere("Shelf"), world.config(&near, &[&far, &further])).await;
    here.finds("Shelf", 2).await;
    let (old, new): (old::ShelfClient, new::ShelfClient) =
        (here.runtime.client().unwrap(), here.runtime.client().unwrap());
    for _ in 0..10 {
        assert_eq!((old.look().await, new.look().await), (Ok(1), Ok(2)));
    }
    after.kill().await;
    here.finds("Shelf", 1).await;
    assert_eq!(old.look().await, Ok(1));
    let error = new.look().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("version 2 of Shelf.look, which is called, only version 1"), "{error}");
}

pub(crate) async fn a_lost_call_that_may_run_twice_is_made_again(world: World) {
    let (near, far, further) = (world.address(), world.address(), world.address());
    let nodes = [
        world.node(services().service::<Probe>(), world.config(&far, &[])).await,
        world.node(services().service::<Probe>(), world.config(&further, &[])).await,
    ];
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far, &further])).await;
    here.finds("Probe", 2).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let is_busy = |node: &Node| node.runtime.served()[0].depth() > 0;
    let kill_the_first = async {
        until(|| nodes.iter().any(is_busy)).await;
        let [one, other] = nodes;
        let (busy, idle) = if is_busy(&one) { (one, other) } else { (other, one) };
        busy.kill().await;
        idle
    };
    let (answer, idle) = tokio::join!(client.hang_at_first(), kill_the_first);
    assert_eq!(answer, Ok(1), "the second attempt");
    drop(idle);
}

pub(crate) async fn a_method_knows_who_calls(world: World) {
    let (near, far) = (world.address(), world.address());
    let _there = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
    let config = ClusterConfig { node: playhouse_cluster::NodeId::new("caller"), ..world.config(&near, &[&far]) };
    let here = world.node(services().elsewhere("Probe").service::<Relay>(), config).await;
    here.finds("Probe", 1).await;
    let (relay, probe): (RelayClient, ProbeClient) = (here.runtime.client().unwrap(), here.runtime.client().unwrap());
    let request = Context::of(RequestHead { id: "request-7".into(), ..RequestHead::default() });
    assert_eq!(request.scope(relay.ask()).await, Ok("Relay.ask at caller for request-7".to_owned()));
    assert_eq!(relay.ask().await, Ok("Relay.ask at caller for nothing".to_owned()));
    let request = Context::of(RequestHead { id: "request-8".into(), ..RequestHead::default() });
    let asked = request.scope(probe.with_timeout(Duration::from_secs(5)).who()).await;
    assert_eq!(asked, Ok("a program at caller for request-8".to_owned()));
}

pub(crate) async fn a_node_of_another_zone_comes_last(world: World) {
    let (near, far, further) = (world.address(), world.address(), world.address());
    let zone = |zone: &str, config| ClusterConfig { zone: Some(zone.into()), ..config };
    let same = world.node(services().service::<Probe>(), zone("a", world.config(&far, &[]))).await;
    let other = world.node(services().service::<Probe>(), zone("b", world.config(&further, &[]))).await;
    let config = zone("a", world.config(&near, &[&far, &further]));
    let here = world.node(services().elsewhere("Probe"), config).await;
    here.finds("Probe", 2).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let ran = |node: &Node| node.runtime.groups()[0].group().stats().ran;
    for _ in 0..20 {
        assert!(client.echo("near".into()).await.is_ok());
    }
    assert_eq!((ran(&same), ran(&other)), (20, 0));
}

pub(crate) async fn a_heavier_node_gets_more(world: World) {
    let (near, far, further) = (world.address(), world.address(), world.address());
    let light = world.node(services().service::<Probe>(), world.config(&far, &[])).await;
    let config = ClusterConfig { weight: 9, ..world.config(&further, &[]) };
    let heavy = world.node(services().service::<Probe>(), config).await;
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far, &further])).await;
    here.finds("Probe", 2).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    for _ in 0..200 {
        assert!(client.echo("one after the other".into()).await.is_ok());
    }
    let ran = |node: &Node| node.runtime.groups()[0].group().stats().ran;
    assert!(ran(&heavy) > 4 * ran(&light) && ran(&light) > 0, "{} and {}", ran(&heavy), ran(&light));
}
