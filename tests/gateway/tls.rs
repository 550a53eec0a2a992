//! TLS, with certificates made here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse::GatewayConfig;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::meeting::Meeting;
use crate::server::{Server, any_port, services};

/// A folder with a certificate and its key.
struct Files {
    folder: TempDir,
    certificate: CertificateDer<'static>,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = write(folder.path());
        Self { folder, certificate }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn gateway(&self) -> GatewayConfig {
        any_port().tls(self.path("cert.pem"), self.path("key.pem"))
    }
}

fn write(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

/// Connects as one who trusts a certificate.
async fn connect(
    server: &Server,
    trusted: &CertificateDer<'static>,
    alpn: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, TcpStream::connect(server.address()).await?).await
}

#[tokio::test]
async fn calls_are_answered_by_tls_alone() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    assert_eq!(server.node.url().unwrap(), format!("https://{}", server.address()));
    let mut connection = connect(&server, &files.certificate, &["http/1.1"]).await.unwrap();
    let request =
        "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 12\r\n\r\n{\"text\":\"a\"}";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\na"), "{answer}");
    assert!(server.get("/livez").send().await.is_err(), "in the clear");
}

#[tokio::test]
async fn who_can_speaks_http_2() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    let connection = connect(&server, &files.certificate, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = h2::client::handshake(connection).await.unwrap();
    let driver = tokio::spawn(connection);
    for text in ["a", "b"] {
        let request = http::Request::post("https://localhost/echo").body(()).unwrap();
        let (response, mut body) = sender.send_request(request, false).unwrap();
        body.send_data(format!("{{\"text\":\"{text}\"}}").into(), true).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!((response.status(), response.headers()["x-request-id"].len()), (http::StatusCode::OK, 16));
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), text);
    }
    driver.abort();
}

/// The HTTP library lets requests of HTTP/2 run on.
#[tokio::test]
async fn who_goes_takes_all_calls_of_the_connection_along() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    let connection = connect(&server, &files.certificate, &["h2"]).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(connection).await.unwrap();
    let driver = tokio::spawn(connection);
    let meetings = [Meeting::new().await, Meeting::new().await];
    let (mut met, mut responses) = (Vec::new(), Vec::new());
    for meeting in &meetings {
        let request = http::Request::post("https://localhost/meet").body(()).unwrap();
        let (response, mut body) = sender.send_request(request, false).unwrap();
        body.send_data(meeting.arguments().to_string().into(), true).unwrap();
        responses.push(response);
        met.push(meeting.met().await);
    }
    driver.abort();
    for mut met in met {
        met.gone().await;
    }
}

/// Nothing in HTTP/2 keeps a client from opening a million at a time.
#[tokio::test]
async fn one_connection_has_so_many_requests_at_a_time() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    let connection = connect(&server, &files.certificate, &["h2"]).await.unwrap();
    let (mut sender, connection) = h2::client::Builder::new().handshake::<_, bytes::Bytes>(connection).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut waiting = Vec::new();
    for _ in 0..300 {
        let request = http::Request::post("https://localhost/echo").body(()).unwrap();
        sender = sender.ready().await.unwrap();
        // The body stays away.
        waiting.push(sender.send_request(request, false).unwrap());
    }
    let (last, _body) = waiting.pop().unwrap();
    assert_eq!(last.await.unwrap().status(), http::StatusCode::TOO_MANY_REQUESTS);
    drop(waiting);
    driver.abort();
    assert!(connect(&server, &files.certificate, &[]).await.is_ok());
}

/// Each answer of HTTP/2 has a window of its own, which its client may never open.
#[tokio::test]
async fn who_opens_no_window_for_an_answer_loses_the_connection() {
    let files = Files::new();
    let server = Server::with(files.gateway().write_timeout(Duration::from_millis(200))).await;
    let body = serde_json::to_vec(&json!({ "text": "x".repeat(100_000) })).unwrap();
    let speaks = async |window: u32| {
        let connection = connect(&server, &files.certificate, &["h2"]).await.unwrap();
        let speaker = h2::client::Builder::new().initial_window_size(window).handshake::<_, Bytes>(connection);
        let (sender, connection) = speaker.await.unwrap();
        (sender.ready().await.unwrap(), tokio::spawn(connection))
    };
    let post = |path: &str| http::Request::post(format!("https://localhost{path}")).body(()).unwrap();

    // One that waits for its service, however long that takes.
    let meeting = Meeting::new().await;
    let (mut patient, patience) = speaks(1 << 20).await;
    let (held, mut arguments) = patient.send_request(post("/meet"), false).unwrap();
    arguments.send_data(meeting.arguments().to_string().into(), true).unwrap();
    let met = meeting.met().await;

    let (mut stubborn, stubbornness) = speaks(20_000).await;
    let (answer, mut text) = stubborn.send_request(post("/echo"), false).unwrap();
    text.send_data(body.into(), true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), http::StatusCode::OK);
    // Nothing of it is released, so no window opens again. The test's own limit ends it otherwise.
    let _ = stubbornness.await.unwrap();
    drop(answer);

    met.let_go("done").await;
    let mut answer = held.await.unwrap().into_body();
    assert_eq!(answer.data().await.unwrap().unwrap(), "done");
    patience.abort();
}

#[tokio::test]
async fn a_new_certificate_is_shown_when_its_files_have_changed() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    connect(&server, &files.certificate, &[]).await.unwrap();
    let renewed = write(files.folder.path());
    // Looked at once a second; the test's own limit ends it otherwise.
    while connect(&server, &renewed, &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
    fs::write(files.path("cert.pem"), "no certificate").unwrap();
    for _ in 0..3 {
        connect(&server, &renewed, &[]).await.expect("the old one stays");
    }
}

#[tokio::test]
async fn files_of_no_use_are_told() {
    let files = Files::new();
    let other = KeyPair::generate().unwrap().serialize_pem();
    for (name, text) in [("empty.pem", ""), ("text.pem", "hello"), ("other.pem", other.as_str())] {
        fs::write(files.path(name), text).unwrap();
    }
    let table = [
        ("none.pem", "key.pem", "cannot read", "none.pem"),
        ("cert.pem", "none.pem", "cannot read", "none.pem"),
        ("empty.pem", "key.pem", "it holds no certificate in PEM", "empty.pem"),
        ("key.pem", "key.pem", "it holds no certificate in PEM", "key.pem"),
        ("cert.pem", "text.pem", "it holds no private key in PEM", "text.pem"),
        ("cert.pem", "cert.pem", "it holds no private key in PEM", "cert.pem"),
        ("cert.pem", "other.pem", "it is not the key of the certificate", "other.pem"),
    ];
    for (certificate, key, words, blamed) in table {
        let gateway = any_port().tls(files.path(certificate), files.path(key));
        let error = services().gateway(gateway).start().await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(words) && error.contains(blamed), "{certificate} {key}: {error}");
    }
}

/// A port scan, or a client that means HTTP.
#[tokio::test]
async fn what_is_no_handshake_costs_its_own_connection() {
    let files = Files::new();
    let server = Server::with(files.gateway()).await;
    let answer = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        answer
    });
    assert!(!answer.await.unwrap().starts_with(b"HTTP"), "not an answer in the clear");
    connect(&server, &files.certificate, &[]).await.unwrap();
}
