//! Calls that are answered by streams.

use futures_util::StreamExt;
use playhouse_actors::ErrorKind;

use crate::probe::{ProbeClient, running, sent};
use crate::world::{World, until};

pub(crate) async fn items_come_in_order(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    for count in [0, 1, 100] {
        let items: Vec<_> = client.count(count).await.unwrap().collect().await;
        assert_eq!(items, (0..count).map(Ok).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_stream_goes_at_the_pace_of_its_reader(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let mut items = client.count(1_000_000).await.unwrap();
    assert_eq!(items.next().await, Some(Ok(0)));
    // As much as fits between the two: what the wire and the worker's channel hold, and an item in each hand.
    let ahead = 60;
    for _ in 0..50 {
        assert_eq!(client.echo("meanwhile".into()).await, Ok("meanwhile".to_owned()));
    }
    assert!(sent() < ahead, "{} were asked for", sent());
    for number in 1..200 {
        assert_eq!(items.next().await, Some(Ok(number)));
    }
    assert!((200..200 + ahead).contains(&sent()), "{} were asked for", sent());
}

pub(crate) async fn a_dropped_stream_is_cancelled_there(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let mut items = client.count(1_000_000).await.unwrap();
    assert_eq!(items.next().await, Some(Ok(0)));
    assert_eq!(running(), 1);
    drop(items);
    until(|| running() == 0).await;
}

pub(crate) async fn an_error_in_a_stream_is_its_end(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let mut items = client.break_off(3).await.unwrap();
    for number in 0..3 {
        assert_eq!(items.next().await, Some(Ok(number)));
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Draining);
    assert!(!error.proves_not_started(), "it has begun");
    assert!(items.next().await.is_none());
}

pub(crate) async fn long_items_come_whole(world: World) {
    let (here, _there) = world.pair().await;
    let client: ProbeClient = here.runtime.client().unwrap();
    let mut items = client.pieces(40, 300_000).await.unwrap();
    for number in 0..40 {
        let item = items.next().await.unwrap().unwrap();
        assert!(item.len() == 300_000 && item.iter().all(|&byte| byte == number), "item {number}");
    }
    assert!(items.next().await.is_none());
}
