//! Streams of peers, and the ends they come to.

use futures_util::StreamExt;
use playhouse::{Error, ErrorKind};

use crate::interface::{PeerClient, nothing, schema};
use crate::scripted::{Scripted, Step, chunks};

const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The items of a stream that a peer sends in these bytes, and the error that it ends by.
async fn words(step: Step) -> Result<(Vec<String>, Option<Error>), Error> {
    let peer = Scripted::with_schema(&schema(), [step]).await;
    let node = nothing().await;
    let client: PeerClient = node.connect(&peer.url()).await.unwrap();
    let mut items = client.words(3).await?;
    let mut words = Vec::new();
    while let Some(item) = items.next().await {
        match item {
            Ok(word) => words.push(word),
            Err(error) => return Ok((words, Some(error))),
        }
    }
    Ok((words, None))
}

#[tokio::test]
async fn a_stream_ends_well_only_with_its_end_marker() {
    let whole = chunks(EVENTS, &["wörd-0 ", "word-1"]) + "0\r\n\r\n";
    let (words, error) = self::words(Step::Write(whole)).await.unwrap();
    assert_eq!((words.concat().as_str(), error), ("wörd-0 word-1", None));
    let cut = chunks(EVENTS, &["word-0 "]);
    let (words, error) = self::words(Step::WriteAndClose(cut)).await.unwrap();
    assert_eq!(words, ["word-0 "]);
    let error = error.unwrap();
    assert!(matches!(error.kind(), ErrorKind::MayHaveRun { reason } if reason.contains("cut short")), "{error:?}");
    assert!(error.to_string().starts_with("Peer.words: "), "{error}");
}

#[tokio::test]
async fn an_error_before_the_first_item_is_that_of_the_call() {
    let refused = crate::scripted::json("400 Bad Request", r#"[{"error":"n is odd"}]"#);
    let error = words(Step::Write(refused)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Rejected { message, .. } if message == "n is odd"), "{error:?}");
    let empty = chunks(EVENTS, &[]) + "0\r\n\r\n";
    assert_eq!(words(Step::Write(empty)).await.unwrap(), (Vec::new(), None));
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_over_there() {
    const CHUNK: &str = "5\r\nword \r\n";
    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut peer = Scripted::with_schema(&schema(), [Step::Flood(HEAD, CHUNK)]).await;
    let node = nothing().await;
    let client: PeerClient = node.connect(&peer.url()).await.unwrap();
    let mut items = client.words(3).await.unwrap();
    assert!(items.next().await.unwrap().unwrap().starts_with("word "));
    drop(items);
    peer.gone().await;
}
