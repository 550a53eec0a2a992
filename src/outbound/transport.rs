//! The HTTP client: connections by thread, TLS, and what a failure proves. The only file that knows hyper.

use std::cell::{OnceCell, RefCell};
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use tower_service::Service;

use super::counted::Counted;
use super::figures::Connections;
use super::trust::Trust;

pub(super) use hyper::body::Incoming;

/// How long a connection may take to be there, TLS and the look-up of the name included. A host that is up answers
/// within a round trip or two; one that is not would hold a call for minutes.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// How long a connection may lie idle: less than uvicorn keeps it (5 s), so that it is we who close.
const IDLE_LIMIT: Duration = Duration::from_secs(4);

/// How many idle connections one thread keeps to one host: what a burst of calls leaves behind.
const IDLE_MAX: usize = 64;

/// Probes on a connection in use: finds out that the host on the other side is gone, which no packet says.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Why there was no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Nothing of the request has left.
    NotSent(String),
    /// The connection was lost when the request was on its way, or had arrived.
    Lost(String),
}

type Plain = Client<Dialled<Tcp>, Full<Bytes>>;
type Secure = Client<Dialled<HttpsConnector<Tcp>>, Full<Bytes>>;

/// Makes connections and keeps them, on each thread those of that thread.
pub(super) struct Transport {
    trust: Trust,
    connections: Arc<Connections>,
}

/// The clients of one transport on one thread.
struct Clients {
    owner: Weak<Transport>,
    plain: Plain,
    secure: OnceCell<Secure>,
}

thread_local! {
    /// One for each transport: there is one for each node, and nearly always one node.
    static CLIENTS: RefCell<Vec<Clients>> = const { RefCell::new(Vec::new()) };
}

impl Transport {
    pub(super) fn new(trust: Trust, connections: Arc<Connections>) -> Arc<Self> {
        Arc::new(Self { trust, connections })
    }

    /// Sees that TLS connections can be made.
    ///
    /// # Errors
    /// Why they cannot.
    pub(super) fn prepare_tls(&self) -> Result<(), String> {
        self.trust.config().map(drop).map_err(ToOwned::to_owned)
    }

    /// Sends a request; resolves when the head of the answer is there. Dropped before that, it closes the connection, which
    /// is how the peer learns that nobody waits any more; so does dropping the body of the answer before its end.
    pub(super) async fn send(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let is_secure = request.uri().scheme() == Some(&Scheme::HTTPS);
        let sent = self.with_clients(|clients| match is_secure {
            true => clients.secure.get_or_init(|| self.client(self.secure())).request(request),
            false => clients.plain.request(request),
        });
        sent.await.map_err(Unanswered::from)
    }

    fn with_clients<T>(self: &Arc<Self>, work: impl FnOnce(&Clients) -> T) -> T {
        CLIENTS.with_borrow_mut(|all| {
            let known = all.iter().position(|clients| Weak::as_ptr(&clients.owner) == Arc::as_ptr(self));
            let place = known.unwrap_or_else(|| {
                // Those of nodes that have ended would stay as long as the thread.
                all.retain(|clients| clients.owner.strong_count() > 0);
                let (owner, secure) = (Arc::downgrade(self), OnceCell::new());
                all.push(Clients { owner, plain: self.client(tcp()), secure });
                all.len() - 1
            });
            work(&all[place])
        })
    }

    fn client<C>(&self, connector: C) -> Client<Dialled<C>, Full<Bytes>>
    where
        Dialled<C>: hyper_util::client::legacy::connect::Connect + Clone,
    {
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(Dialled { connector, connections: Arc::clone(&self.connections) })
    }

    fn secure(&self) -> HttpsConnector<Tcp> {
        let config = self.trust.config().expect("a peer with https is bound only when there is somebody to trust");
        let builder = HttpsConnectorBuilder::new().with_tls_config(config.clone());
        builder.https_only().enable_http1().wrap_connector(tcp())
    }
}

fn tcp() -> Tcp {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp
}

/// Connects within [`CONNECT_LIMIT`], and counts.
#[derive(Clone)]
struct Dialled<C> {
    connector: C,
    connections: Arc<Connections>,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type BoxError = Box<dyn StdError + Send + Sync>;

impl<C> Service<Uri> for Dialled<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    type Response = Counted<C::Response>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.connector.call(uri);
        let connections = Arc::clone(&self.connections);
        Box::pin(async move {
            let connected = timeout(CONNECT_LIMIT, connecting).await;
            let connected = connected.map_err(|_| format!("no connection within {CONNECT_LIMIT:?}"))?;
            connected.map(|connection| Counted::new(connection, &connections)).map_err(Into::into)
        })
    }
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        let causes = causes(&error);
        // hyper says "canceled" of a request that it gives back because it was not put on the connection.
        let given_back = || {
            let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
            cause.is_some_and(hyper::Error::is_canceled)
        };
        if error.is_connect() || given_back() { Self::NotSent(causes) } else { Self::Lost(causes) }
    }
}

/// What lies below an error, whose own text says only which library it is from.
pub(super) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Many libraries repeat the cause in their own text.
        texts.retain(|other| !other.contains(&text));
        texts.push(text);
        cause = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}
