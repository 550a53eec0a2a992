//! Calls that are answered.

use std::time::Duration;

use futures_util::future::join_all;
use playhouse_actors::{Bytes, Codec, Encoded, Tensor};

use crate::probe::{Probe, ProbeClient, probe, ran};
use crate::world::{World, services, until};

pub(crate) async fn a_call_is_answered(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    assert_eq!(client.echo("across".into()).await, Ok("across".to_owned()));
}

pub(crate) async fn calls_go_both_ways(world: World) {
    let (near, far) = (world.address(), world.address());
    let there = world.node(services().elsewhere("Probe"), world.config(&far, &[])).await;
    let here = world.node(services().service::<Probe>(), world.config(&near, &[&far])).await;
    there.finds("Probe", 1).await;
    let client: ProbeClient = there.runtime.client().unwrap();
    assert_eq!(client.echo("back".into()).await, Ok("back".to_owned()), "on connections that the callee dialled");
    drop(here);
}

pub(crate) async fn many_calls_get_their_own_answers(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let calls = (0..1000).map(|number| client.echo(format!("number {number}")));
    for (number, answer) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(answer, Ok(format!("number {number}")));
    }
}

pub(crate) async fn a_tensor_comes_back_as_it_was(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    // Below the bounds of segments, of frames and of chunks, and above each.
    for length in [0_u16, 10, 2_000, 20_000, 65_535] {
        let values: Vec<f32> = (0..length).map(f32::from).collect();
        let doubled: Vec<f32> = values.iter().map(|value| value * 2.0).collect();
        let answer = client.double(Tensor::from_vec([values.len()], values).unwrap()).await.unwrap();
        assert_eq!(answer.to_vec::<f32>().unwrap(), doubled);
    }
}

pub(crate) async fn json_passes_through(world: World) {
    let (here, _there) = world.pair().await;
    let client = here.runtime.any_client("Probe").unwrap();
    let body = Encoded::new(Codec::Json, r#"{"text": "as text"}"#);
    let answer = client.call("echo", body, Codec::Json).await.unwrap();
    assert_eq!((answer.codec, &answer.head[..]), (Codec::Json, &br#""as text""#[..]));
}

pub(crate) async fn a_short_call_passes_a_long_body(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let long = client.length(Bytes::from(vec![1_u8; 16 << 20]));
    let short = async {
        for _ in 0..3 {
            assert_eq!(client.echo("short".into()).await, Ok("short".to_owned()));
        }
    };
    let mut long = Box::pin(long);
    if !world.has_bandwidth() {
        assert_eq!(tokio::join!(long, short).0, Ok(16 << 20));
        return;
    }
    tokio::select! {
        biased;
        _ = &mut long => panic!("three short calls come back before a long body has gone over"),
        () = short => {}
    }
    assert_eq!(long.await, Ok(16 << 20));
}

pub(crate) async fn tell_arrives(world: World) {
    let (here, _there) = world.pair().await;
    let before = ran();
    here.runtime.client_of("Probe").unwrap().tell(probe::Echo { text: "told".into() }).unwrap();
    tokio::time::timeout(Duration::from_secs(5), until(|| ran() > before)).await.unwrap();
}
