//! A control connection: tables, load and signs of life. Runs on the control thread, where no user code holds it up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::Peer;
use super::detector::{Detector, Step};
use super::framed::{Framed, FramedError};
use crate::exposed::Exposed;
use crate::transport::{ReadHalf, WriteHalf};
use crate::watch;
use crate::wire::{Announce, Drain, Frame, GoAway, Malformed, Ping, Pong, Prefix, Reason, Withdraw};

/// How often the load of all replicas is told.
const LOAD_EVERY: Duration = Duration::from_secs(1);
/// How many replicas are announced by one frame: far fewer than its length allows.
const ANNOUNCED_AT_ONCE: usize = 64;
/// How long the last word may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// One control connection.
pub(crate) struct Control {
    peer: Arc<Peer>,
    exposed: Arc<Exposed>,
    write: WriteHalf,
    out: Vec<u8>,
    detector: Detector,
    limit: Duration,
    /// The replicas that the other side knows of, by the numbers of their first methods.
    announced: BTreeSet<u32>,
    pings: u64,
    /// The last ping that somebody waits for, and when it was sent.
    timed: Option<(u64, Instant)>,
}

/// What this node wants from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interest {
    /// To call and to be called.
    #[default]
    Open,
    /// To be called no more.
    Draining,
    /// Nor to call: connections that end now are not made again.
    Leaving,
    /// Nothing.
    Gone,
}

/// Why a control connection ended.
pub(crate) struct Ended {
    pub(crate) reason: String,
    /// Whether the other side said so before: its data connections end by themselves, after their last answers.
    pub(crate) in_good_order: bool,
}

impl Ended {
    /// A connection that was lost, or never came about.
    pub(crate) fn lost(reason: String) -> Self {
        Self { reason, in_good_order: false }
    }
}

impl Control {
    pub(crate) fn new(peer: Arc<Peer>, exposed: Arc<Exposed>, write: WriteHalf, limit: Duration) -> Self {
        let detector = Detector::new(limit, Instant::now());
        Self {
            peer,
            exposed,
            write,
            out: Vec::new(),
            detector,
            limit,
            announced: BTreeSet::new(),
            pings: 0,
            timed: None,
        }
    }

    /// Runs until the connection ends. Why it did.
    pub(crate) async fn run(mut self, read: ReadHalf, interest: watch::Receiver<Interest>) -> Ended {
        let ended = self.talk(read, interest).await;
        let farewell = match &ended {
            End::Malformed(malformed) => Some(GoAway::new(Reason::Malformed, format!("you sent {malformed}"))),
            End::Gone => Some(GoAway::new(Reason::Going, "the node ends")),
            End::Lost(_) | End::Left(_) => None,
        };
        if let Some(farewell) = farewell {
            self.out.clear();
            farewell.encode(&mut self.out);
            drop(timeout(FAREWELL, self.write.write_all(&self.out)).await);
        }
        drop(timeout(FAREWELL, self.write.shutdown()).await);
        Ended { reason: ended.to_string(), in_good_order: matches!(ended, End::Left(_)) }
    }

    async fn talk(&mut self, read: ReadHalf, mut interest: watch::Receiver<Interest>) -> End {
        let mut framed = Framed::new(read);
        let mut changes = self.exposed.changes();
        let asked = Arc::clone(&self.peer);
        let mut load = interval(LOAD_EVERY);
        load.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.announce();
        if *interest.borrow_and_update() >= Interest::Draining {
            Drain.encode(&mut self.out);
        }
        loop {
            if let Err(end) = self.flush().await {
                return end;
            }
            let look = match self.detector.step(Instant::now()) {
                Step::Wait(until) => until,
                Step::Ask => {
                    self.ask();
                    continue;
                }
                Step::Dead => return End::Lost(format!("it has been silent for {:?}", self.limit)),
            };
            let step = tokio::select! {
                biased;
                _ = load.tick() => {
                    self.exposed.load().encode(&mut self.out);
                    Ok(())
                }
                changed = changes.changed() => {
                    self.announce();
                    changed.map_err(|_| End::Gone)
                }
                changed = interest.changed() => match changed.map(|()| *interest.borrow()) {
                    Ok(Interest::Open) => Ok(()),
                    // Said twice it means the same; the change to draining may not have been seen.
                    Ok(Interest::Draining | Interest::Leaving) => {
                        Drain.encode(&mut self.out);
                        Ok(())
                    }
                    Ok(Interest::Gone) | Err(_) => Err(End::Gone),
                },
                () = asked.asked() => {
                    self.ask();
                    self.timed = Some((self.pings, Instant::now()));
                    Ok(())
                }
                () = sleep_until(look) => Ok(()),
                // Last: frames may come without end, the others do not.
                frame = framed.next() => self.heard(frame),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn heard(&mut self, frame: Result<(Prefix, Bytes), FramedError>) -> Result<(), End> {
        let (prefix, payload) = frame.map_err(|error| match error {
            FramedError::Malformed(malformed) => End::Malformed(malformed),
            lost => End::Lost(lost.to_string()),
        })?;
        self.detector.heard(Instant::now());
        match Frame::of(&prefix, &payload).map_err(End::Malformed)? {
            Frame::Announce(announce) => {
                if !self.peer.announce(announce.0) {
                    let place = "of more replicas than a node can have";
                    return Err(End::Malformed(Malformed::OutOfPlace { frame: "Announce", place }));
                }
            }
            Frame::Withdraw(withdraw) => self.peer.withdraw(&withdraw.0),
            Frame::Load(load) => self.peer.report(&load.0),
            Frame::Drain(Drain) => self.peer.drain(),
            Frame::Ping(Ping(number)) => Pong(number).encode(&mut self.out),
            Frame::Pong(Pong(number)) => {
                if let Some((_, sent)) = self.timed.take_if(|(timed, _)| *timed == number) {
                    self.peer.answered(sent.elapsed());
                }
            }
            Frame::Unknown(_) => {}
            Frame::GoAway(GoAway { reason: Reason::Going, text, .. }) => {
                self.peer.drain();
                return Err(End::Left(text));
            }
            Frame::GoAway(go_away) => return Err(End::Lost(format!("the other side ends it: {}", go_away.text))),
            other => {
                let place = "on a control connection";
                return Err(End::Malformed(Malformed::OutOfPlace { frame: other.name(), place }));
            }
        }
        Ok(())
    }

    fn ask(&mut self) {
        self.pings += 1;
        Ping(self.pings).encode(&mut self.out);
    }

    /// Tells what has changed since it was told last.
    fn announce(&mut self) {
        let Announce(all) = self.exposed.announced();
        let now: BTreeSet<u32> = all.iter().map(|replica| replica.first).collect();
        let gone: Vec<u32> = self.announced.difference(&now).copied().collect();
        let new: Vec<_> = all.into_iter().filter(|replica| !self.announced.contains(&replica.first)).collect();
        if !gone.is_empty() {
            Withdraw(gone).encode(&mut self.out);
        }
        for some in new.chunks(ANNOUNCED_AT_ONCE) {
            Announce(some.to_vec()).encode(&mut self.out);
        }
        self.announced = now;
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.out.is_empty() {
            return Ok(());
        }
        let written = timeout(self.limit, self.write.write_all(&self.out)).await;
        self.out.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Lost(error.to_string())),
            Err(_) => Err(End::Lost(format!("it has read nothing for {:?}", self.limit))),
        }
    }
}

/// Why a control connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("{0}")]
    Lost(String),
    #[error("the other side ends it: {0}")]
    Left(String),
    #[error("it sent {0}")]
    Malformed(Malformed),
    #[error("this node ends")]
    Gone,
}
