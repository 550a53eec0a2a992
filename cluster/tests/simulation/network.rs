//! The network of a simulation: turmoil's, with what that lacks. Lines have a bandwidth, take and give a part of what
//! they are asked for, and can be reset: at once, or in the middle of a frame.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use playhouse_cluster::Address;
use playhouse_cluster::transport::{Acceptor, Socket, Transport};
use turmoil::net::{TcpListener, TcpStream};

use crate::line::{Line, Wire};

/// How many bytes a line takes in a millisecond, unless it is a slow one.
pub(crate) const RATE: usize = 64 << 10;

/// The network of one simulation. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Network(Arc<Mutex<State>>);

struct State {
    seed: u64,
    made: u64,
    lines: Vec<Weak<Line>>,
    /// Bytes in a millisecond, by the hosts at the two ends, for those that are slow.
    rates: BTreeMap<(IpAddr, IpAddr), usize>,
}

struct Listener {
    network: Network,
    listener: TcpListener,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { seed, made: 0, lines: Vec::new(), rates: BTreeMap::new() })))
    }

    /// The ends of connections that are there: those between two hosts, in either direction.
    pub(crate) fn between(&self, one: IpAddr, other: IpAddr) -> Vec<Arc<Line>> {
        let lines = self.state().lines();
        lines.into_iter().filter(|line| line.hosts() == (one, other) || line.hosts() == (other, one)).collect()
    }

    /// How many ends of connections a host has.
    pub(crate) fn count(&self, host: IpAddr) -> usize {
        self.state().lines().iter().filter(|line| line.hosts().0 == host).count()
    }

    /// Sets how many bytes all lines between two hosts take in a millisecond.
    pub(crate) fn set_rate(&self, one: IpAddr, other: IpAddr, rate: usize) {
        let mut state = self.state();
        state.rates.insert((one, other), rate);
        state.rates.insert((other, one), rate);
        drop(state);
        self.between(one, other).iter().for_each(|line| line.set_rate(rate));
    }

    /// Has no line cut any more that was to be.
    pub(crate) fn heal(&self) {
        self.state().lines().iter().for_each(|line| line.heal());
    }

    fn wire(&self, stream: TcpStream) -> io::Result<Wire> {
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        let mut state = self.state();
        state.made += 1;
        let rng = fastrand::Rng::with_seed(state.seed ^ (state.made << 32));
        let rate = state.rates.get(&(local.ip(), remote.ip())).copied().unwrap_or(RATE);
        let line = Line::new(local, remote, rate, rng);
        state.lines.push(Arc::downgrade(&line));
        drop(state);
        Ok(Wire::new(line, stream))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lines(&mut self) -> Vec<Arc<Line>> {
        self.lines.retain(|line| line.strong_count() > 0);
        self.lines.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Transport for Network {
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>> {
        let (network, address) = (self.clone(), address.to_string());
        async move { Ok(Box::new(network.wire(TcpStream::connect(address).await?)?) as Box<dyn Socket>) }.boxed()
    }

    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>> {
        let (network, address) = (self.clone(), address.to_string());
        async move {
            let listener = TcpListener::bind(address).await?;
            Ok(Box::new(Listener { network, listener }) as Box<dyn Acceptor>)
        }
        .boxed()
    }
}

impl Acceptor for Listener {
    fn address(&self) -> Address {
        Address::Tcp(self.listener.local_addr().unwrap().to_string())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>> {
        async {
            let (stream, _) = self.listener.accept().await?;
            Ok(Box::new(self.network.wire(stream)?) as Box<dyn Socket>)
        }
        .boxed()
    }
}
