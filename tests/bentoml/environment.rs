//! That scripts run where BentoML is, and that none outlives its test.

use std::panic;
use std::time::Duration;

use crate::python::Script;

#[test]
fn a_script_has_bentoml_and_says_what_it_finds() {
    let printed = Script::new("bentoml/versions.py").run();
    assert!(printed.starts_with("bentoml 1.4."), "{printed}");
}

#[test]
fn a_script_that_fails_is_quoted() {
    let failed = panic::catch_unwind(|| Script::new("bentoml/versions.py").arg("fail").run()).unwrap_err();
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(message.contains("bentoml/versions.py has ended with exit status: 3\nbentoml 1.4."), "{message}");
    assert!(message.ends_with("as it was told\n"), "{message}");
}

#[test]
fn a_script_that_hangs_is_ended_with_its_children() {
    let script = Script::new("bentoml/versions.py").arg("hang");
    // Its child holds the pipe: had it been left alone, this would wait for it.
    let ended = script.start().wait(Duration::from_secs(5));
    assert!(!ended.well && ended.how == "has not ended within 5s", "{}", ended.how);
}
