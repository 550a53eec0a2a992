//! What can be asked of a task, by the last part of a path.

use actix_web::http::Method;

/// What can be asked of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Action {
    Submit,
    Status,
    Get,
    Retry,
    Cancel,
}

impl Action {
    pub(super) const ALL: [Self; 5] = [Self::Submit, Self::Status, Self::Get, Self::Retry, Self::Cancel];

    /// Its name at the end of a path.
    pub(in crate::gateway) fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Status => "status",
            Self::Get => "get",
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    /// What the last part of a path asks.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, last) = path.rsplit_once('/')?;
        Self::ALL.into_iter().find(|action| action.name() == last)
    }

    /// The verbs that it has, as the header `allow` names them; the first is the one to use.
    pub(in crate::gateway) fn allowed(self) -> &'static str {
        match self {
            Self::Submit | Self::Retry => "POST",
            Self::Status | Self::Get => "GET, HEAD",
            Self::Cancel => "PUT",
        }
    }

    pub(super) fn allows(self, method: &Method) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_verb() {
        let table = [
            ("/train/submit", Some(Action::Submit), "POST"),
            ("/Trainer/train/status", Some(Action::Status), "GET, HEAD"),
            ("/train/get", Some(Action::Get), "GET, HEAD"),
            ("/train/retry", Some(Action::Retry), "POST"),
            ("/train/cancel", Some(Action::Cancel), "PUT"),
            ("/train", None, ""),
            ("/train/submitted", None, ""),
            ("submit", None, ""),
        ];
        for (path, action, allowed) in table {
            assert_eq!(Action::of(path), action, "{path}");
            assert_eq!(action.map_or("", Action::allowed), allowed, "{path}");
        }
        assert!(Action::Get.allows(&Method::HEAD) && !Action::Get.allows(&Method::PUT));
    }
}
