//! Looks after a peer: whether it is there, is ready, and offers what is called. The first look is part of the start.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::meeting;
use super::peer::Peer;

/// How long one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(2);
/// How often a peer is looked after that fares well.
const PAUSE_WELL: Duration = Duration::from_secs(5);
/// The first pause while it does not; each later one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause while it does not.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a look has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Well,
    /// It cannot be called, but somebody is there.
    Unready(String),
    /// Nobody answers.
    Away(String),
    /// What it offers does not fit.
    Mismatch(String),
}

/// Looks after `peer` until the other end of `ended` is dropped; tells what the first look has found.
pub(super) async fn watch(peer: Arc<Peer>, met: oneshot::Sender<Found>, mut ended: oneshot::Receiver<()>) {
    let mut met = Some(met);
    let mut failures = 0;
    loop {
        let found = tokio::select! {
            found = look(&peer) => found,
            _ = &mut ended => return,
        };
        failures = if found == Found::Well { 0 } else { failures + 1 };
        note(&peer, &found);
        if let Some(met) = met.take() {
            // Nobody waits for it any more if the start was given up; then this task ends too.
            let _ = met.send(found);
        }
        tokio::select! {
            () = sleep(pause(failures, fastrand::f64())) => {}
            // Not while it is away: calls that fail would make it look without a pause.
            () = peer.look.notified(), if failures == 0 => {}
            _ = &mut ended => return,
        }
    }
}

async fn look(peer: &Peer) -> Found {
    let late = || Found::Away(format!("no answer within {LOOK_LIMIT:?}"));
    timeout(LOOK_LIMIT, look_now(peer)).await.unwrap_or_else(|_| late())
}

async fn look_now(peer: &Peer) -> Found {
    // One that was away may be another one now, and a token that was refused may have been replaced.
    let is_new = peer.trouble().is_some() || peer.is_strange();
    if is_new {
        peer.reach.renew();
    }
    let readiness = match meeting::readiness(&peer.reach).await {
        Ok(readiness) => readiness,
        Err(reason) => return Found::Away(reason),
    };
    if let Some(reason) = readiness.unready {
        return Found::Unready(reason);
    }
    if is_new { peer.meet(readiness.is_playhouse).await } else { Found::Well }
}

fn note(peer: &Peer, found: &Found) {
    match found {
        Found::Well => peer.set_trouble(None, false),
        Found::Unready(reason) => peer.set_trouble(Some(reason.clone()), false),
        Found::Away(reason) => peer.set_trouble(Some(reason.clone()), true),
        Found::Mismatch(report) => {
            peer.set_trouble(Some(format!("it does not offer what is called:{report}")), false);
        }
    }
}

/// The pause after this many looks that found something wrong. `jitter` is from 0 to 1.
fn pause(failures: u32, jitter: f64) -> Duration {
    match failures.checked_sub(1) {
        None => PAUSE_WELL.mul_f64(1.0 + jitter / 4.0),
        Some(before) => (PAUSE_MIN * 2_u32.pow(before.min(10))).min(PAUSE_MAX).mul_f64(0.5 + jitter / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_spread() {
        let ms = |failures, jitter| pause(failures, jitter).as_millis();
        assert_eq!((ms(0, 0.0), ms(0, 1.0)), (5000, 6250));
        assert_eq!([1, 2, 3, 6, 7, 1000].map(|failures| ms(failures, 1.0)), [100, 200, 400, 3200, 5000, 5000]);
        assert_eq!((ms(1, 0.0), ms(1000, 0.0)), (50, 2500));
    }
}
