//! A value, and those who wait for it to change. They are woken in the order in which they began to wait; those of
//! `tokio::sync::watch` in one that is drawn at random, so that a simulation would not repeat itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Changes the value. When it is dropped, nobody waits any longer.
pub(crate) struct Sender<T>(Arc<Shared<T>>);

/// Sees the value, and waits until it is another one.
pub(crate) struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// The sender is gone.
#[derive(Debug)]
pub(crate) struct Closed;

struct Shared<T> {
    value: Mutex<T>,
    /// Counts the changes; [`CLOSED`] after the last one.
    version: AtomicU64,
    changed: Notify,
}

const CLOSED: u64 = u64::MAX;

/// A value, which changes by the sender and is seen by the receiver.
pub(crate) fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared { value: Mutex::new(value), version: AtomicU64::new(0), changed: Notify::new() });
    let sender = Sender(shared);
    let receiver = sender.subscribe();
    (sender, receiver)
}

impl<T> Sender<T> {
    /// A receiver that has seen the value.
    pub(crate) fn subscribe(&self) -> Receiver<T> {
        Receiver { shared: Arc::clone(&self.0), seen: self.0.version.load(Ordering::SeqCst) }
    }

    /// Changes the value, if `change` says that it has.
    pub(crate) fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) {
        let mut value = self.0.value();
        if change(&mut value) {
            self.0.version.fetch_add(1, Ordering::SeqCst);
            drop(value);
            self.0.changed.notify_waiters();
        }
    }

    /// Changes the value.
    pub(crate) fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Puts another value in its place.
    pub(crate) fn send_replace(&self, value: T) {
        self.send_modify(|old| *old = value);
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        channel(T::default()).0
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.version.store(CLOSED, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

impl<T> Receiver<T> {
    /// The value at this moment. To be dropped before anything is awaited.
    pub(crate) fn borrow(&self) -> MutexGuard<'_, T> {
        self.shared.value()
    }

    /// The value at this moment, which counts as seen.
    pub(crate) fn borrow_and_update(&mut self) -> MutexGuard<'_, T> {
        let value = self.shared.value();
        self.seen = self.shared.version.load(Ordering::SeqCst);
        value
    }

    /// Waits until the value has changed since it was seen, and counts it as seen.
    ///
    /// # Errors
    /// When the sender is gone.
    pub(crate) async fn changed(&mut self) -> Result<(), Closed> {
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            // Listen first, then look: a change in between is not missed.
            changed.as_mut().enable();
            match self.shared.version.load(Ordering::SeqCst) {
                CLOSED => return Err(Closed),
                same if same == self.seen => changed.await,
                version => {
                    self.seen = version;
                    return Ok(());
                }
            }
        }
    }

    /// Waits until `enough` holds for the value.
    ///
    /// # Errors
    /// When the sender is gone.
    pub(crate) async fn wait_for(&mut self, enough: impl Fn(&T) -> bool) -> Result<(), Closed> {
        while !enough(&self.borrow_and_update()) {
            self.changed().await?;
        }
        Ok(())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Shared<T> {
    fn value(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_are_woken_in_their_order() {
        let (sender, receiver) = channel(0);
        let (tell, mut told) = mpsc::unbounded_channel();
        for number in 0..20 {
            let (mut receiver, tell) = (receiver.clone(), tell.clone());
            tokio::spawn(async move {
                receiver.wait_for(|value| *value == 2).await.unwrap();
                tell.send(number).unwrap();
            });
        }
        drop(tell);
        for value in [1, 2] {
            tokio::task::yield_now().await;
            sender.send_replace(value);
        }
        for number in 0..20 {
            assert_eq!(told.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn a_change_is_seen_once_and_the_end_by_all() {
        let (sender, mut receiver) = channel(0);
        sender.send_if_modified(|_| false);
        sender.send_modify(|value| *value += 1);
        assert!(receiver.changed().await.is_ok() && *receiver.borrow() == 1);
        drop(sender);
        assert!(receiver.changed().await.is_err() && receiver.clone().wait_for(|_| false).await.is_err());
    }
}
