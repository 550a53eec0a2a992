//! One section of a file: its fields are taken out one by one; what is left over is unknown.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::duration;
use super::error::Problem;
use super::size;
use super::yaml::{Entry, Located, Value};
use crate::nearest::nearest;

/// Everything that is wrong so far. Shared by all sections of a file.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, line: u64, field: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem { line, field: field.into(), message: message.into() });
    }

    /// All of them, in the order of the lines.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }
}

/// One section of a file.
pub(super) struct Section<'a> {
    path: String,
    entries: &'a [Entry],
    /// The names that were asked for.
    known: RefCell<Vec<&'static str>>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// The section that `value` is; an empty one if it is nothing, or something else, which is a problem.
    pub(super) fn new(path: String, value: &'a Located, problems: &'a Problems) -> Self {
        let entries = match &value.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                problems.add(value.line, path.as_str(), format!("is {value}: expected a section of fields"));
                &[]
            }
        };
        Self { path, entries, known: RefCell::default(), problems }
    }

    /// All entries, for a section whose keys are names that users choose.
    pub(super) fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// The path of a field.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Complains of every field that was not asked for.
    pub(super) fn end(self) {
        let known = self.known.into_inner();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let hint = nearest(&entry.key, &known).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            let field = if self.path.is_empty() { entry.key.clone() } else { format!("{}.{}", self.path, entry.key) };
            self.problems.add(entry.line, field, format!("unknown field; {hint}expected one of {}", known.join(", ")));
        }
    }

    /// The value of a field, if it is set.
    pub(super) fn value(&self, name: &'static str) -> Option<&'a Located> {
        self.known.borrow_mut().push(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        (!matches!(entry.value.value, Value::Null)).then_some(&entry.value)
    }

    /// The line of a field, for what is wrong with it beside its type.
    pub(super) fn line(&self, name: &str) -> Option<u64> {
        self.entries.iter().find(|entry| entry.key == name).map(|entry| entry.line)
    }

    /// The section that the value of a key is, whatever its name.
    pub(super) fn below(&self, key: &str, value: &'a Located) -> Section<'a> {
        Section::new(self.path_of(key), value, self.problems)
    }

    /// A section in this one; empty if it is not there.
    pub(super) fn section(&self, name: &'static str) -> Section<'a> {
        let path = self.path_of(name);
        match self.value(name) {
            Some(value) => Section::new(path, value, self.problems),
            None => Section { path, entries: &[], known: RefCell::default(), problems: self.problems },
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.text_that(name, "a text", |_| true)
    }

    /// A text of a certain form. Numbers are texts too: `cpu: 2`.
    pub(super) fn text_that(&self, name: &'static str, expected: &str, is: fn(&str) -> bool) -> Option<String> {
        let text = |value: &Located| match &value.value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        self.read(name, expected, |value| text(value).filter(|text| is(text)))
    }

    /// True or false.
    pub(super) fn flag(&self, name: &'static str) -> Option<bool> {
        self.read(name, "true or false", |value| match value.value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        })
    }

    /// A list of texts; one text stands for a list of one.
    pub(super) fn texts(&self, name: &'static str) -> Option<Vec<String>> {
        let text = |value: &Located| match &value.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.read(name, "a list of texts", |value| match &value.value {
            Value::List(items) => items.iter().map(text).collect(),
            _ => text(value).map(|text| vec![text]),
        })
    }

    /// A whole number from 1 on.
    pub(super) fn count(&self, name: &'static str) -> Option<NonZeroUsize> {
        self.read(name, "a whole number above 0", as_count)
    }

    /// A whole number from 0 on that fits.
    pub(super) fn number<T: TryFrom<u64>>(&self, name: &'static str, expected: &str) -> Option<T> {
        self.read(name, expected, |value| match &value.value {
            Value::Number(number) => T::try_from(number.as_u64()?).ok(),
            _ => None,
        })
    }

    /// A number above 0.
    pub(super) fn fraction(&self, name: &'static str) -> Option<f32> {
        self.read(name, "a number above 0", |value| match &value.value {
            #[expect(clippy::cast_possible_truncation, reason = "nobody counts GPUs to eight digits")]
            Value::Number(number) => number.as_f64().map(|number| number as f32).filter(|&number| number > 0.0),
            _ => None,
        })
    }

    /// A duration, as text or as a number of seconds.
    pub(super) fn duration(&self, name: &'static str) -> Option<Duration> {
        self.read(name, duration::EXPECTED, |value| match &value.value {
            Value::Text(text) => duration::parse_duration(text).ok(),
            Value::Number(number) => duration::of_seconds(number.as_f64()?).ok(),
            _ => None,
        })
    }

    /// A duration that is longer than nothing.
    pub(super) fn time_limit(&self, name: &'static str) -> Option<Duration> {
        let limit = self.duration(name)?;
        if limit.is_zero() {
            self.complain(name, "is 0, so that everything would be late: expected a duration above 0");
        }
        Some(limit)
    }

    /// A size in bytes.
    pub(super) fn size(&self, name: &'static str) -> Option<usize> {
        self.read(name, size::EXPECTED, |value| match &value.value {
            Value::Text(text) => size::parse_size(text).ok(),
            Value::Number(number) => usize::try_from(number.as_u64()?).ok().filter(|&bytes| bytes > 0),
            _ => None,
        })
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(&self, name: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.read(name, &names.join(" or "), |value| match &value.value {
            Value::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, meaning)| *meaning),
            _ => None,
        })
    }

    /// Complains of a field that has the right type.
    pub(super) fn complain(&self, name: &str, message: impl Into<String>) {
        self.problems.add(self.line(name).unwrap_or_default(), self.path_of(name), message);
    }

    /// Reads a field in a way of one's own.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Located) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let read = read(value);
        if read.is_none() {
            self.problems.add(value.line, self.path_of(name), format!("is {value}: expected {expected}"));
        }
        read
    }
}

/// A whole number from 1 on.
pub(super) fn as_count(value: &Located) -> Option<NonZeroUsize> {
    let Value::Number(number) = &value.value else { return None };
    NonZeroUsize::new(usize::try_from(number.as_u64()?).ok()?)
}
