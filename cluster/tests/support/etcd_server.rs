//! A real etcd server of a test's own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// How long a server may take to elect itself and listen; half a second is usual.
const STARTING: Duration = Duration::from_secs(60);

/// An etcd server on loopback with data of its own. Ends when dropped.
pub(crate) struct EtcdServer {
    process: Child,
    address: String,
    _data: TempDir,
}

impl EtcdServer {
    /// Starts a server and waits until it takes calls.
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder for etcd's data");
        let mut process = spawn(&data);
        let log = process.stderr.take().expect("stderr is piped");
        let address = listening(log);
        Self { process, address, _data: data }
    }

    /// Where it takes calls, as `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        // The data is thrown away, so nothing is lost by not asking politely.
        self.process.kill().expect("etcd is ours to end");
        self.process.wait().expect("etcd ends when killed");
    }
}

/// Port 0: the server takes a free one and says which, so no other test can take it in between.
fn spawn(data: &TempDir) -> Child {
    const ANY: &str = "http://127.0.0.1:0";
    Command::new("etcd")
        .arg("--data-dir")
        .arg(data.path())
        .args(["--listen-client-urls", ANY, "--advertise-client-urls", ANY])
        .args(["--listen-peer-urls", ANY, "--initial-advertise-peer-urls", ANY])
        .args(["--initial-cluster", "default=http://127.0.0.1:0"])
        .args(["--logger", "zap", "--log-outputs", "stderr"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start `etcd` ({error}); `tests/run` installs it"))
}

/// Waits for the log line that says where the server takes calls, and keeps emptying the pipe after it: a full one
/// would stop the server.
fn listening(log: ChildStderr) -> String {
    let (found, address) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some(address) = client_address(&line) {
                // The receiver is gone only when the test has given up.
                let _ = found.send(address.to_owned());
            }
        }
    });
    address.recv_timeout(STARTING).expect("etcd says where it listens")
}

/// The address in `{..,"msg":"serving client traffic insecurely; ..","address":"127.0.0.1:46639"}`.
fn client_address(line: &str) -> Option<&str> {
    let (_, fields) = line.split_once("serving client traffic insecurely")?;
    let (_, address) = fields.split_once(r#""address":""#)?;
    address.split('"').next()
}
