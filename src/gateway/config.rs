//! How the gateway listens, whom it answers, and its limits.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::ServiceConfig;

use super::cors::Cors;
use super::routes::Routes;
use super::tls::TlsFiles;
use super::tokens::Tokens;
use super::{documents, http, probe};

/// How the gateway listens, whom it answers, and its limits. Each limit keeps one client from harming the others.
///
/// ```
/// # use playhouse::GatewayConfig;
/// let gateway = GatewayConfig::default().port(0).entry("Classifier").max_body(1 << 20);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GatewayConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) entry: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) cors: Option<Cors>,
    pub(crate) tokens: Option<Tokens>,
    /// Paths that need no token, beside the probes and the page.
    pub(crate) open: Vec<String>,
    /// Whether the page and what it shows need one.
    pub(crate) private_docs: bool,
    pub(crate) access_log: bool,
    pub(crate) server_timing: bool,
    pub(crate) before: Vec<Before>,
    pub(crate) routes: Vec<Routes>,
}

/// How much of what a client may have, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In bytes.
    pub(crate) max_body: usize,
    pub(crate) max_connections: usize,
    pub(crate) head_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) write_timeout: Duration,
}

/// A look at each request before it is answered; an error is the answer.
#[derive(Clone)]
pub(crate) struct Before(pub(crate) Arc<dyn Fn(&HttpRequest) -> Result<(), http::Error> + Send + Sync>);

/// Where the gateway listens unless told otherwise: this machine alone. To be reached from others is to be asked for.
const HOST: &str = "127.0.0.1";

/// The port unless told otherwise: that of BentoML.
const PORT: u16 = 3000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Holds a batch of a hundred images or a tensor of 25 million f32, and a thousand clients that each send one
            // do not yet fill a server's memory within the time limits.
            max_body: 100 << 20,
            // An idle one costs some 20 KiB, so that all of them cost 200 MiB.
            max_connections: 10_000,
            // A slow mobile connection needs one or two seconds; a client that sends a byte now and then holds a
            // connection no longer.
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            host: HOST.into(),
            port: PORT,
            entry: None,
            limits: Limits::default(),
            tls: None,
            cors: None,
            tokens: None,
            open: Vec::new(),
            private_docs: false,
            access_log: false,
            server_timing: false,
            before: Vec::new(),
            routes: Vec::new(),
        }
    }
}

/// Where it listens.
impl GatewayConfig {
    /// The address or name to listen on; 127.0.0.1 unless set.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port to listen on; 3000 unless set, and 0 takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The service whose methods are at `/<method>`; the last one given unless set.
    pub fn entry(mut self, service: impl Into<String>) -> Self {
        self.entry = Some(service.into());
        self
    }

    /// Answers by TLS alone, with HTTP/2 for those who can: `certificate` and `key` are files in PEM, the certificate
    /// followed by those that vouch for it. They are read again when they change.
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Some(TlsFiles { certificate: certificate.into(), key: key.into() });
        self
    }
}

/// Its limits.
impl GatewayConfig {
    /// The largest body of a request, in bytes; 100 MiB unless set. A larger one is answered with 413.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.max_body = bytes;
        self
    }

    /// How many connections are open at a time; 10,000 unless set. More of them wait to be accepted.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.max_connections = connections.max(1);
        self
    }

    /// How long the head of a request may take to arrive, and the handshake of TLS; 10 s unless set. A slower one is
    /// answered with 408.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.limits.head_timeout = timeout;
        self
    }

    /// How long a client may send nothing in the middle of a body; 30 s unless set. Then it is answered with 408.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.limits.body_timeout = timeout;
        self
    }

    /// How long a client may read nothing of an answer that waits for it; 30 s unless set. Then its connection is cut.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write_timeout = timeout;
        self
    }
}

/// Whom it answers.
impl GatewayConfig {
    /// Asks every request for one of these bearer tokens. None is needed for the probes `/livez`, `/readyz` and `/healthz`,
    /// nor to see what could be called: the page at `/`, where a token can be given, and `/docs.json`; but see
    /// [`private_docs`](Self::private_docs).
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// A path that needs no token, such as `/metrics`. Beside those that were given before.
    pub fn open(mut self, path: impl Into<String>) -> Self {
        self.open.push(path.into());
        self
    }

    /// Asks for a token also before the page at `/` and `/docs.json` are shown, as far as one is asked for at all. Off
    /// unless set: a browser sends no token when somebody opens a page.
    pub fn private_docs(mut self, on: bool) -> Self {
        self.private_docs = on;
        self
    }

    /// Whether a request comes in without a token.
    pub(super) fn is_open(&self, method: &Method, path: &str) -> bool {
        let is_shown = !self.private_docs && (method == Method::GET || method == Method::HEAD);
        probe::is_open(path) || self.open.iter().any(|open| open == path) || is_shown && documents::is_shown(path)
    }

    /// Lets pages of other origins call from a browser; without it they cannot.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Looks at every request but the probes before it is answered; an error is its answer. After the tokens and after
    /// hooks that were given before. It runs on the threads of HTTP, so it must not block.
    pub fn before(mut self, hook: impl Fn(&HttpRequest) -> Result<(), http::Error> + Send + Sync + 'static) -> Self {
        self.before.push(Before(Arc::new(hook)));
        self
    }

    /// Answers paths below `prefix`, such as `/admin`, by handlers of actix-web; see [`playhouse::http`](crate::http).
    /// No service and no method of the entry may have the name of the prefix. Each thread calls `configure` once.
    pub fn routes(
        mut self,
        prefix: impl Into<String>,
        configure: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        self.routes.push(Routes::new(prefix.into(), configure));
        self
    }
}

/// What it says of its work.
impl GatewayConfig {
    /// Logs one line for each request, when its answer is written, but for the probes. Off unless set.
    pub fn access_log(mut self, on: bool) -> Self {
        self.access_log = on;
        self
    }

    /// Says in each answer how long its call waited and ran, in the header `server-timing`. Off unless set, since it
    /// shows clients what is inside.
    pub fn server_timing(mut self, on: bool) -> Self {
        self.server_timing = on;
        self
    }
}

impl fmt::Debug for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Before")
    }
}
