//! Files that are read again when they have changed.
//!
//! Nothing watches them: whoever uses what they say asks before, and so finds a change a second later at the latest.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How often files are looked at while somebody asks.
const LOOK: Duration = Duration::from_secs(1);

/// When a file was written and how long it is; `None` if that cannot be told.
type Written = Option<(SystemTime, u64)>;

/// Files that belong together.
pub(super) struct Watched {
    paths: Vec<PathBuf>,
    written: Mutex<Vec<Written>>,
    began: Instant,
    /// When the files were looked at, in milliseconds since it began.
    looked_ms: AtomicU64,
}

impl Watched {
    /// Notes how the files are. To be called before they are read: what changes in between is found later.
    pub(super) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let paths: Vec<_> = paths.into_iter().collect();
        let written = Mutex::new(written(&paths));
        Self { paths, written, began: Instant::now(), looked_ms: AtomicU64::new(0) }
    }

    /// Whether the files have changed since this was last said. One of those who ask is told, and has to read them.
    pub(super) fn have_changed(&self) -> bool {
        if !self.is_due() {
            return false;
        }
        let written = written(&self.paths);
        let mut known = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == written {
            return false;
        }
        *known = written;
        true
    }

    /// Whether it is time to look again; true for one of those who ask.
    fn is_due(&self) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked_ms.load(Ordering::Relaxed);
        u128::from(now - looked.min(now)) >= LOOK.as_millis()
            && self.looked_ms.compare_exchange(looked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn written(paths: &[PathBuf]) -> Vec<Written> {
    let of = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    paths.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_is_told_once_and_not_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "a").unwrap();
        let watched = Watched::new([path.clone()]);
        fs::write(&path, "longer").unwrap();
        assert!(!watched.have_changed(), "it is looked at once a second");
        tokio::time::advance(LOOK).await;
        assert!(watched.have_changed());
        tokio::time::advance(LOOK).await;
        assert!(!watched.have_changed());
        fs::remove_file(&path).unwrap();
        tokio::time::advance(LOOK).await;
        assert!(watched.have_changed(), "that it is gone is a change too");
    }
}
