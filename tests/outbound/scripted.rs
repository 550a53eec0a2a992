//! A peer that follows a script, byte by byte.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// What the peer does with the next call. `/readyz` and `/schema.json` it answers beside that.
#[derive(Clone)]
pub(crate) enum Step {
    /// Writes this, and keeps the connection.
    Write(String),
    /// Writes this, and closes the connection.
    WriteAndClose(String),
    /// Reads the call, and resets the connection.
    Reset,
    /// Resets the next connection before anything is read.
    ResetAtOnce,
    /// Answers nothing until the other side closes.
    Hang,
    /// Writes this for ever.
    Flood(&'static str, &'static str),
}

/// What the peer has seen.
#[derive(Debug)]
pub(crate) enum Seen {
    /// A call: its head in lower case, and its body.
    Call(String, Vec<u8>),
    /// The connection of a call that hangs was closed by the other side.
    Gone,
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    seen: mpsc::UnboundedReceiver<Seen>,
    task: AbortHandle,
}

struct Script {
    steps: Mutex<VecDeque<Step>>,
    schema: Option<String>,
    seen: mpsc::UnboundedSender<Seen>,
}

/// A whole answer in JSON.
pub(crate) fn json(status: &str, body: &str) -> String {
    answer(status, "content-type: application/json\r\n", body)
}

/// A whole answer with these headers, each with its end of line.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// The head of an answer in chunks, and these chunks; without the last one, which is empty.
pub(crate) fn chunks(content_type: &str, chunks: &[&str]) -> String {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
    chunks.iter().fold(head, |answer, chunk| format!("{answer}{:x}\r\n{chunk}\r\n", chunk.len()))
}

impl Scripted {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::listen("127.0.0.1:0".parse().unwrap(), None, steps).await
    }

    pub(crate) async fn with_schema(schema: &serde_json::Value, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::listen("127.0.0.1:0".parse().unwrap(), Some(schema.to_string()), steps).await
    }

    pub(crate) async fn listen(
        address: SocketAddr,
        schema: Option<String>,
        steps: impl IntoIterator<Item = Step>,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = mpsc::unbounded_channel();
        let script = Script { steps: Mutex::new(steps.into_iter().collect()), schema, seen: sender };
        let task = tokio::spawn(serve(listener, Arc::new(script))).abort_handle();
        Self { address, seen, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The head of the next call, and its body.
    pub(crate) async fn call(&mut self) -> (String, Vec<u8>) {
        loop {
            if let Seen::Call(head, body) = self.seen.recv().await.unwrap() {
                return (head, body);
            }
        }
    }

    /// Waits until the other side has given a call up.
    pub(crate) async fn gone(&mut self) {
        while !matches!(self.seen.recv().await.unwrap(), Seen::Gone) {}
    }

    /// How many calls have been seen that nobody asked about yet.
    pub(crate) fn calls(&mut self) -> usize {
        std::iter::from_fn(|| self.seen.try_recv().ok()).filter(|seen| matches!(seen, Seen::Call(..))).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, script: Arc<Script>) {
    // Ends all connections with the peer.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        connections.spawn(converse(connection, Arc::clone(&script)));
    }
}

async fn converse(mut connection: TcpStream, script: Arc<Script>) {
    while let Some((head, body)) = read(&mut connection, &script).await {
        if head.starts_with("get ") {
            connection.write_all(script.look(&head).as_bytes()).await.unwrap();
            continue;
        }
        script.seen.send(Seen::Call(head, body)).unwrap();
        let step = script.steps.lock().unwrap().pop_front().expect("the script goes on");
        if !follow(&mut connection, step, &script).await {
            return;
        }
    }
}

/// Whether the connection is kept.
async fn follow(connection: &mut TcpStream, step: Step, script: &Script) -> bool {
    match step {
        Step::Write(answer) => connection.write_all(answer.as_bytes()).await.is_ok(),
        Step::WriteAndClose(answer) => {
            let _ = connection.write_all(answer.as_bytes()).await;
            false
        }
        Step::Reset | Step::ResetAtOnce => {
            connection.set_zero_linger().unwrap();
            false
        }
        Step::Hang => {
            let mut byte = [0];
            while connection.read(&mut byte).await.is_ok_and(|read| read > 0) {}
            script.seen.send(Seen::Gone).unwrap();
            false
        }
        Step::Flood(head, again) => {
            let mut sent = connection.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = connection.write_all(again.as_bytes()).await;
            }
            script.seen.send(Seen::Gone).unwrap();
            false
        }
    }
}

/// A request, or nothing if the connection ends. A call that is to be reset at once is not read.
async fn read(connection: &mut TcpStream, script: &Script) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let head = loop {
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let mut steps = script.steps.lock().unwrap();
        if bytes.starts_with(b"POST") && matches!(steps.front(), Some(Step::ResetAtOnce)) {
            steps.pop_front();
            connection.set_zero_linger().unwrap();
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap().to_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head);
    while body.len() < length {
        if connection.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((text, body))
}

impl Script {
    fn look(&self, head: &str) -> String {
        match (head.split(' ').nth(1), &self.schema) {
            (Some("/readyz"), _) => answer("200 OK", "", "\n"),
            (Some("/schema.json"), Some(schema)) => json("200 OK", schema),
            _ => answer("404 Not Found", "", "Not Found"),
        }
    }
}
