//! How a test meets the calls that run, and decides when they end.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a test listens with to meet the calls that run.
pub(crate) struct Meeting(TcpListener);

/// A call that runs. Dropping it lets the call end with an error.
pub(crate) struct Met(BufReader<TcpStream>);

impl Meeting {
    /// Listens on a free port.
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// The arguments of the call that is to be met.
    pub(crate) fn arguments(&self) -> serde_json::Value {
        serde_json::json!({ "port": self.0.local_addr().unwrap().port() })
    }

    /// Waits until a call runs.
    pub(crate) async fn met(&self) -> Met {
        Met(BufReader::new(self.0.accept().await.unwrap().0))
    }
}

impl Met {
    /// Lets the call end with this answer.
    pub(crate) async fn let_go(mut self, answer: &str) {
        self.0.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
        self.gone().await;
    }

    /// Waits until the call has ended, by itself or because it was cancelled.
    pub(crate) async fn gone(&mut self) {
        let mut line = String::new();
        let ended = self.0.read_line(&mut line).await;
        assert!(!matches!(ended, Ok(1..)), "it says nothing: {line}");
    }
}
