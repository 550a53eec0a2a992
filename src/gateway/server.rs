//! The HTTP server: its threads, its connections, its end.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_rt::net::TcpStream;
use actix_rt::{Arbiter, ArbiterHandle};
use actix_server::{GracefulShutdownSignal, Server, ServerHandle};
use actix_service::{ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use playhouse_actors::{Runtime, ServiceDescription};
use socket2::{Domain, Socket, Type};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::application::application;
use super::config::{GatewayConfig, Limits};
use super::connection::Connection;
use super::error::GatewayError;
use super::figures::{Figures, Seen};
use super::state::{Phase, Seat, Shared};
use super::table::{self, Table};
use super::{open_files, tls};
use crate::node::Control;
use crate::tasks::Tasks;

/// Connections that wait to be accepted; the kernel cuts it to its own limit.
const BACKLOG: i32 = 1024;

/// How long an idle connection is kept. Longer than the 60 s of the usual load balancers, so that it is they who close:
/// a server that closes first loses the request that is on its way at that moment.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a connection that is to be closed is read on, so that a client that still sends finds its answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How much later than `Connection` the HTTP library gives up a first head: it says so without a word of ours.
const HEAD_GRACE: Duration = Duration::from_secs(1);

/// How long the last bytes of answers may take to leave when everything is answered. Idle connections are cut then.
const FLUSH_LIMIT_S: u64 = 1;

/// How long answers may take to be written to slow readers when all calls have ended.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A running gateway.
pub(crate) struct Gateway {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: ServerHandle,
}

/// A server that has its port and is about to start its threads.
struct Listening {
    address: SocketAddr,
    server: ServerHandle,
    started: UnboundedReceiver<(ThreadId, ArbiterHandle)>,
}

impl Gateway {
    /// Takes the port and starts `threads` threads, which are given back for workers to run on.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub(crate) async fn start(
        config: &GatewayConfig,
        services: &[&ServiceDescription],
        threads: usize,
        seen: Seen,
        control: &Control,
    ) -> Result<(Self, Vec<ArbiterHandle>), GatewayError> {
        let entry = entry(config, services)?;
        table::check_routes(services, &entry)?;
        check(config, &entry, services)?;
        let figures = Figures::new(services, threads, seen);
        config.routes.iter().for_each(|routes| figures.meters.add(&[&routes.below()]));
        let shared = Shared::new(config.clone(), entry, figures);
        let listening = {
            let shared = Arc::clone(&shared);
            control.run(move || listen(&shared, threads)).await.map_err(GatewayError::Threads)??
        };
        let Listening { address, server, started } = listening;
        let arbiters = distinct(started, threads).await?;
        Ok((Self { shared, address, server }, arbiters))
    }

    /// Takes calls for all services that run now.
    pub(crate) fn serve(&self, runtime: &Runtime, tasks: Option<Tasks>) {
        self.shared.figures.watch(runtime, tasks.as_ref());
        let table = Table::new(runtime, &self.shared.entry, tasks);
        self.shared.figures.meters.learn(&table);
        self.shared.set_phase(Phase::Up(table));
    }

    /// Takes no more calls.
    pub(crate) fn refuse(&self) {
        self.shared.set_phase(Phase::Draining);
    }

    /// Waits until the answers are written, then ends.
    pub(crate) async fn finish(self) {
        if timeout(ANSWER_LIMIT, self.shared.all_answered()).await.is_err() {
            tracing::warn!(
                "some clients did not read their answers within {ANSWER_LIMIT:?}, their connections are cut"
            );
        }
        self.server.stop(true).await;
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http`, or `https` where it answers by TLS.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.shared.config.tls.is_some() { "https" } else { "http" }
    }

    /// The service whose methods are at `/<method>`.
    pub(crate) fn entry(&self) -> &str {
        &self.shared.entry
    }
}

/// The name of the entry: the one that was asked for, else that of the last service.
fn entry(config: &GatewayConfig, services: &[&ServiceDescription]) -> Result<String, GatewayError> {
    let last = services.last().ok_or(GatewayError::NoServices)?;
    let Some(entry) = &config.entry else { return Ok(last.name.into()) };
    if services.iter().any(|service| service.name == entry) {
        return Ok(entry.clone());
    }
    let known: Vec<_> = services.iter().map(|service| service.name).collect();
    Err(GatewayError::UnknownEntry { entry: entry.clone(), known: known.join(", ") })
}

/// Finds the settings that do not fit together.
fn check(config: &GatewayConfig, entry: &str, services: &[&ServiceDescription]) -> Result<(), GatewayError> {
    if let Some(mistake) = config.cors.as_ref().and_then(|cors| cors.mistake()) {
        return Err(GatewayError::Cors(mistake));
    }
    config.routes.iter().try_for_each(|routes| routes.check(entry, services))
}

/// Starts the server. To be called on the control thread: with an actix system there, its threads are arbiters.
fn listen(shared: &Arc<Shared>, threads: usize) -> Result<Listening, GatewayError> {
    let config = &shared.config;
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let listeners = bind(config).map_err(|error| GatewayError::bind(&config.host, config.port, error))?;
    let address = address(&listeners, config)?;
    let connections = open_files::allow(config.limits.max_connections);
    let (sender, started) = unbounded_channel();
    let mut server = Server::build()
        .workers(threads)
        .max_concurrent_connections(connections.div_ceil(threads))
        .shutdown_timeout(FLUSH_LIMIT_S)
        .disable_signals();
    for listener in listeners {
        let (shared, sender, acceptor) = (Arc::clone(shared), sender.clone(), acceptor.clone());
        let ending = server.graceful_shutdown_signal();
        let factory = move || {
            // This runs on each thread of the server, once for each address; nobody listens after the start.
            let _ = sender.send((thread::current().id(), Arbiter::current()));
            service(&shared.seat(), address, acceptor.clone(), ending.clone())
        };
        server = server
            .listen("playhouse", listener, factory)
            .map_err(|error| GatewayError::bind(&config.host, config.port, error))?;
    }
    let server = server.run();
    let handle = server.handle();
    actix_rt::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP server has failed");
        }
    });
    Ok(Listening { address, server: handle, started })
}

/// What one thread does with the connections to one address.
fn service(
    seat: &Arc<Seat>,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    ending: GracefulShutdownSignal,
) -> impl ServiceFactory<TcpStream, Config = (), InitError = ()> + use<> {
    let limits = seat.shared.config.limits;
    let secure = acceptor.is_some();
    let shared = Arc::clone(&seat.shared);
    let http = HttpService::build()
        .graceful_shutdown_signal(move || {
            let ending = ending.clone();
            async move { ending.notified().await }
        })
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(limits.head_timeout.saturating_add(HEAD_GRACE))
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        // A client that closes its side is gone: its calls are cancelled rather than computed for nobody.
        .h1_allow_half_closed(false)
        .local_addr(address)
        .on_connect_ext(move |connection: &Connection, data| {
            data.insert(shared.figures.meters.connect());
            data.insert(Rc::clone(connection.activity()));
        })
        .finish(map_config(application(seat), move |()| {
            // actix-web knows the scheme of its own servers only.
            AppConfig::__priv_test_new(secure, address.to_string(), address)
        }));
    fn_service(move |socket| accept(socket, acceptor.clone(), limits))
        .and_then(http.map_err(|error| tracing::debug!(%error, "a connection has ended")))
}

/// Makes a connection of a socket, by a handshake if it speaks TLS.
async fn accept(
    socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
    limits: Limits,
) -> Result<(Connection, Protocol, Option<SocketAddr>), ()> {
    let peer = socket.peer_addr().ok();
    // Whatever keeps it from being set shows in what is read next.
    let _ = socket.set_nodelay(true);
    let connection = match acceptor {
        None => Connection::plain(socket, limits),
        Some(acceptor) => match timeout(limits.head_timeout, acceptor.accept(socket)).await {
            Ok(Ok(socket)) => Connection::tls(socket, limits),
            Ok(Err(error)) => {
                tracing::debug!(?peer, %error, "a TLS handshake failed");
                return Err(());
            }
            Err(_) => {
                tracing::debug!(?peer, "a TLS handshake took too long");
                return Err(());
            }
        },
    };
    let protocol = if connection.speaks_http1() { Protocol::Http1 } else { Protocol::Http2 };
    Ok((connection, protocol, peer))
}

/// Listens at every address that the host has.
fn bind(config: &GatewayConfig) -> io::Result<Vec<TcpListener>> {
    let addresses: Vec<_> = (config.host.as_str(), config.port).to_socket_addrs()?.collect();
    let (mut listeners, mut failed) = (Vec::new(), None);
    for address in addresses {
        match bind_to(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => failed = Some(error),
        }
    }
    // A name may have an address that this machine cannot listen on, beside one that it can.
    if listeners.is_empty() { failed.map_or(Ok(listeners), Err) } else { Ok(listeners) }
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Connections of the last process that wait for their end do not keep the next one from starting.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn address(listeners: &[TcpListener], config: &GatewayConfig) -> Result<SocketAddr, GatewayError> {
    let nothing = || io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    let address = listeners.first().ok_or_else(nothing).and_then(TcpListener::local_addr);
    address.map_err(|error| GatewayError::bind(&config.host, config.port, error))
}

/// One handle for each thread, when all have started.
async fn distinct(
    mut started: UnboundedReceiver<(ThreadId, ArbiterHandle)>,
    threads: usize,
) -> Result<Vec<ArbiterHandle>, GatewayError> {
    let mut seen = Vec::new();
    let mut arbiters = Vec::new();
    while arbiters.len() < threads {
        let Some((thread, arbiter)) = started.recv().await else {
            let message = format!("{} of {threads} threads have started", arbiters.len());
            return Err(GatewayError::Threads(io::Error::other(message)));
        };
        if !seen.contains(&thread) {
            seen.push(thread);
            arbiters.push(arbiter);
        }
    }
    Ok(arbiters)
}
