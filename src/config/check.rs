//! Settings that contradict each other.

use playhouse_actors::{GroupConfig, Restart, ServiceDescription, Settings};

use super::section::Section;

/// The shortest pause before a restart must not be longer than the longest, wherever each comes from.
pub(super) fn backoff(section: &Section<'_>, restart: &Restart, code: &Settings) {
    if restart.backoff_min.is_none() && restart.backoff_max.is_none() {
        return;
    }
    let settings = code.clone().overlaid(&Settings { restart: restart.clone(), ..Settings::default() });
    let resolved = GroupConfig::resolve(&nothing(), &settings, 1).restart;
    if resolved.backoff_min > resolved.backoff_max {
        let (at_fault, other) = if restart.backoff_min.is_some() {
            (
                "backoff_min",
                format!("is {:?}, above backoff_max, which is {:?}", resolved.backoff_min, resolved.backoff_max),
            )
        } else {
            (
                "backoff_max",
                format!("is {:?}, below backoff_min, which is {:?}", resolved.backoff_max, resolved.backoff_min),
            )
        };
        section.complain(at_fault, other);
    }
}

/// A service of which only the defaults are of interest.
fn nothing() -> ServiceDescription {
    ServiceDescription {
        name: "",
        doc: "",
        settings: Settings::default(),
        requirements: Vec::new(),
        methods: Vec::new(),
    }
}
