//! The section about submitted tasks: `tasks: {store: tasks.redb, max_bytes: 4GiB}`.

use std::path::{Path, PathBuf};

use super::section::Section;
use crate::tasks::TaskConfig;

/// What a file says of submitted tasks; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TaskSection {
    store: Option<PathBuf>,
    max_bytes: Option<usize>,
    max_tasks: Option<usize>,
    max_result: Option<usize>,
}

impl TaskSection {
    pub(super) fn read(section: Section<'_>) -> Self {
        let tasks = Self {
            store: section.text("store").map(PathBuf::from),
            max_bytes: section.size("max_bytes"),
            max_tasks: section.count("max_tasks").map(usize::from),
            max_result: section.size("max_result"),
        };
        section.end();
        tasks
    }

    /// The settings for a node; `store` comes from the command line and wins.
    pub(crate) fn config(&self, store: Option<&Path>) -> TaskConfig {
        let mut config = TaskConfig::default();
        if let Some(store) = store.or(self.store.as_deref()) {
            config = config.store(store);
        }
        if let Some(bytes) = self.max_bytes {
            config = config.max_bytes(bytes as u64);
        }
        if let Some(tasks) = self.max_tasks {
            config = config.max_tasks(tasks);
        }
        if let Some(bytes) = self.max_result {
            config = config.max_result(bytes);
        }
        config
    }
}
