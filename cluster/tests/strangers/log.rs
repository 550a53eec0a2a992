//! What the log says of strangers.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::stranger::Stranger;
use crate::target::with_nodes;

/// A log that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_flood_of_strangers_is_a_few_lines_that_name_them_and_say_why() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    with_nodes(|nodes| async move {
        for _ in 0..40 {
            let mut stranger = Stranger::connect(nodes.address).await;
            stranger.write(b"GET / HTTP/1.1\r\n\r\n").await;
            stranger.farewell().await;
        }
    });
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("does not speak Playhouse's protocol")).collect();
    assert!((1..=5).contains(&lines.len()), "{log}");
    assert!(lines[0].contains("WARN") && lines[0].contains("127.0.0.1:"), "{log}");
}
