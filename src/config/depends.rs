//! What the file says of dependencies at URLs: a URL, or `{url: .., token: env:NAME}`.

use std::collections::BTreeMap;

use playhouse_actors::{ServiceDescription, TokenSource};

use super::section::Section;
use super::yaml::{Entry, Value};
use crate::nearest::nearest;

/// What comes over the code for a parameter that is bound to a URL.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bound {
    pub(crate) url: Option<String>,
    pub(crate) token: Option<TokenSource>,
}

/// Reads the section of a service, by parameter. What is a URL is seen when it is called: it may hold variables.
pub(super) fn read(section: &Section<'_>, service: &ServiceDescription) -> BTreeMap<String, Bound> {
    let known: Vec<&str> = service.bound_parameters().collect();
    let mut all = BTreeMap::new();
    for entry in section.entries() {
        if known.contains(&entry.key.as_str()) {
            all.extend(bound(section, entry).map(|bound| (entry.key.clone(), bound)));
        } else {
            section.complain(&entry.key, unknown_parameter(service.name, &entry.key, &known));
        }
    }
    all
}

fn bound<'a>(section: &Section<'a>, Entry { key, value, .. }: &'a Entry) -> Option<Bound> {
    match &value.value {
        Value::Text(url) => Some(Bound { url: Some(url.clone()), token: None }),
        Value::Map(_) => {
            let below = section.below(key, value);
            let bound = Bound { url: below.text("url"), token: token(&below) };
            below.end();
            Some(bound)
        }
        _ => {
            section.complain(key, format!("is {value}: expected a URL such as https://host/path, or url and token"));
            None
        }
    }
}

/// Where a token is. What is wrong with it is told without it: it may be the token.
fn token(section: &Section<'_>) -> Option<TokenSource> {
    let text = section.text("token")?;
    text.parse().inspect_err(|error| section.complain("token", format!("{error}"))).ok()
}

fn unknown_parameter(service: &str, name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("{service} has no parameter with `#[depends(url = ..)]`");
    }
    let hint = nearest(name, known).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    format!("no parameter of {service} with that name is bound to a URL; {hint}there is {}", known.join(", "))
}
