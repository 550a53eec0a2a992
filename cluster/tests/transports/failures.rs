//! Calls that fail, and how.

use std::time::Duration;

use futures_util::future::join_all;
use playhouse_actors::{Bytes, Codec, Encoded, ErrorKind};
use playhouse_cluster::ClusterConfig;

use crate::mute;
use crate::probe::{Narrow, NarrowClient, Probe, ProbeClient, running};
use crate::world::{World, services, until};

pub(crate) async fn an_error_names_who_failed(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let error = client.fail("no_luck".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Service { code, .. } if code == "no_luck"), "{error:?}");
    assert_eq!(error.to_string(), "Probe.fail: as it was asked to");
    assert!(!error.proves_not_started());
}

pub(crate) async fn a_panic_is_typed(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let error = client.panic().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked { .. }), "{error:?}");
    assert_eq!(client.echo("on".into()).await, Ok("on".to_owned()));
}

pub(crate) async fn input_that_does_not_fit_is_rejected(world: World) {
    let (here, _there) = world.pair().await;
    let client = here.runtime.any_client("Probe").unwrap();
    for body in [r#"{"text": 7}"#, "{", r#"{"txt": "a"}"#] {
        let error = client.call("echo", Encoded::new(Codec::Json, body), Codec::Json).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected { .. }), "{error:?}");
        assert!(error.proves_not_started());
    }
    let noise = Encoded { codec: Codec::Split, head: vec![0xc1; 9].into(), segments: vec![vec![1; 70_000].into()] };
    let error = client.call("echo", noise, Codec::Msgpack).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Rejected { .. }), "{error:?}");
}

pub(crate) async fn a_method_that_is_not_there_is_rejected(world: World) {
    let (here, _there) = world.pair().await;
    let client = here.runtime.any_client("Probe").unwrap();
    let error = client.call("ecko", Encoded::new(Codec::Json, "{}"), Codec::Json).await.unwrap_err();
    assert!(error.to_string().contains("Probe has no method `ecko`, only echo, "), "{error}");
    let error = client.call("count", Encoded::new(Codec::Json, r#"{"to": 3}"#), Codec::Json).await.unwrap_err();
    assert!(error.to_string().contains("answers by a stream"), "{error}");
}

pub(crate) async fn a_full_replica_refuses(world: World) {
    let (near, far) = (world.address(), world.address());
    let _there = world.node(services().service::<Narrow>(), world.config(&far, &[])).await;
    let here = world.node(services().elsewhere("Narrow"), world.config(&near, &[&far])).await;
    here.finds("Narrow", 1).await;
    let client: NarrowClient = here.runtime.client().unwrap();
    let two = [client.hang(), client.hang()].map(Box::pin);
    let mut two = futures_util::future::join_all(two);
    let third = async {
        until(|| running() == 2).await;
        client.hang().await
    };
    let error = tokio::select! {
        _ = &mut two => panic!("they hang"),
        third = third => third.unwrap_err(),
    };
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }), "{error:?}");
    assert!(error.proves_not_started());
}

pub(crate) async fn a_deadline_ends_the_call_there_too(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let error = client.with_timeout(Duration::from_millis(50)).hang().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::DeadlineExceeded);
    until(|| running() == 0).await;
}

pub(crate) async fn a_dropped_call_is_cancelled_there(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    tokio::select! {
        _ = client.hang() => panic!("it hangs"),
        () = until(|| running() == 1) => {}
    }
    until(|| running() == 0).await;
    assert_eq!(client.echo("on".into()).await, Ok("on".to_owned()));
}

pub(crate) async fn a_body_that_is_too_long_is_not_sent(world: World) {
    let (near, far) = (world.address(), world.address());
    let short = ClusterConfig { body_max: 1 << 20, ..world.config(&far, &[]) };
    let _there = world.node(services().service::<Probe>(), short).await;
    let here = world.node(services().elsewhere("Probe"), world.config(&near, &[&far])).await;
    here.finds("Probe", 1).await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let error = client.length(Bytes::from(vec![1_u8; 2 << 20])).await.unwrap_err();
    assert!(error.to_string().contains("is too long: 1048576 bytes are allowed"), "{error}");
    assert_eq!(client.length(Bytes::from(vec![1_u8; 1 << 19])).await, Ok(1 << 19), "the connection is there still");
}

/// A node that was stopped goes on just when it counts as dead, and reads what it had been sent: that must hold none of
/// the requests whose callers were told that they have not started, since these may run elsewhere by then.
pub(crate) async fn what_has_not_started_is_not_sent_afterwards(world: World) {
    const LIMIT: Duration = Duration::from_millis(600);
    const CALLS: usize = 200;
    if !world.has_bandwidth() {
        // It takes whatever it is given.
        return;
    }
    let (near, far) = (world.address(), world.address());
    let unread = mute::listen(&world, &far).await;
    let config = ClusterConfig { silence_limit: LIMIT, data_connections: Some(1), ..world.config(&near, &[&far]) };
    let here = world.node(services().elsewhere("Probe"), config).await;
    here.finds("Probe", 1).await;
    let client = here.runtime.any_client("Probe").unwrap();
    // Far more than the operating system takes for somebody who does not read, in frames that go out together.
    let padding = "-".repeat(30 << 10);
    let calls = (0..CALLS).map(|number| {
        let body = Encoded::new(Codec::Json, format!("\"begin {number:03} {padding} end {number:03}\""));
        client.call("hang", body, Codec::Json)
    });
    let ended = join_all(calls).await;
    let read = String::from_utf8_lossy(&unread.read().await).into_owned();
    assert!(read.contains("begin 000"), "{} bytes were sent", read.len());
    let not_started = (0..CALLS).filter(|&number| {
        let error = ended[number].as_ref().unwrap_err();
        matches!(error.kind(), ErrorKind::NotStarted { .. })
    });
    let not_started: Vec<_> = not_started.collect();
    assert!(!not_started.is_empty(), "{ended:?}");
    let sent: Vec<_> = not_started.iter().filter(|&number| read.contains(&format!("end {number:03}"))).collect();
    assert!(
        sent.is_empty(),
        "told not to have started, and sent whole: {sent:?} of {} that were not",
        not_started.len()
    );
}
