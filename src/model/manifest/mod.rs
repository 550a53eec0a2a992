//! What is known of one version of a model: its files with their hashes, where they came from, what is in them.
//!
//! It stands in the version's own folder as `.manifest.json`, so that the rename that makes the version makes both. No
//! model file has that name: hidden files are not taken from outside, and a program that writes one is refused.

mod files;
mod origin;
mod tensors;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use self::files::{FileRecord, Format};
pub use self::origin::{Origin, Package};
pub use self::tensors::{TensorRecord, Tensors};

pub(super) use self::files::{inventory, record, walk};
use super::Error;
use super::digest::Hasher;

/// The manifest's name in the folder of a version.
pub(super) const FILE: &str = ".manifest.json";

/// The version of its own form that is written and read.
const FORM: u32 = 1;

/// The largest manifest that is read, in bytes. One of 10,000 files with as many tensors has a tenth of it.
const SIZE_MAX: u64 = 64 << 20;

/// What is known of one version of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of this form: 1.
    pub manifest: u32,
    /// The model's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// When it was added, in UTC as RFC 3339 has it: `2026-11-25T15:40:00Z`.
    pub created: String,
    /// Where the files came from.
    pub source: Origin,
    /// What the weights are kept in.
    pub format: Format,
    /// What its user wrote on it.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Stands for the content: the SHA-256 of what `sha256sum` prints of the files, in the order of their paths.
    pub digest: String,
    /// The size of all files, in bytes.
    pub bytes: u64,
    /// How many numbers the safetensors files hold; none if there is no such file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// The files, sorted by their paths.
    pub files: Vec<FileRecord>,
}

/// What a manifest is made of, before its version is known.
pub(super) struct Draft {
    pub(super) source: Origin,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) files: Vec<FileRecord>,
}

impl Manifest {
    /// The manifest of a version that is added now. Without a version it gets one made of the time and the content:
    /// later ones sort behind.
    pub(super) fn new(name: &str, version: Option<&str>, draft: Draft) -> Self {
        let Draft { source, labels, mut files } = draft;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let now = OffsetDateTime::now_utc();
        let digest = digest(&files);
        Self {
            manifest: FORM,
            name: name.to_owned(),
            version: version.map_or_else(|| version_of(now, &digest), str::to_owned),
            created: now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default(),
            source,
            format: Format::of_all(&files),
            labels,
            digest,
            bytes: files.iter().map(|file| file.bytes).sum(),
            parameters: parameters(&files),
            files,
        }
    }

    /// Reads the manifest of the version in `folder`; `None` if it has none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        let mut text = Vec::new();
        file.take(SIZE_MAX + 1).read_to_end(&mut text).map_err(Error::io("read", &path))?;
        let wrong = |problem: String| Error::Manifest { path: path.clone(), problem };
        if text.len() as u64 > SIZE_MAX {
            return Err(wrong(format!("it has more than {SIZE_MAX} bytes")));
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if manifest.manifest != FORM {
            let problem = format!("it has form {}, expected {FORM}: a newer Playhouse wrote it", manifest.manifest);
            return Err(wrong(problem));
        }
        Ok(Some(manifest))
    }

    /// The text that [`Manifest::read`] reads.
    pub(super) fn to_text(&self) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec_pretty(self);
        text.map_err(|error| Error::Manifest { path: FILE.into(), problem: error.to_string() })
    }
}

/// A version's name: when it was made, and the beginning of its digest for two in one second.
fn version_of(now: OffsetDateTime, digest: &str) -> String {
    let (date, time) = (now.date(), now.time());
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}-{}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        &digest[..6]
    )
}

fn digest(files: &[FileRecord]) -> String {
    let mut hasher = Hasher::default();
    for file in files {
        hasher.update(format!("{}  {}\n", file.sha256, file.path).as_bytes());
    }
    hasher.finish()
}

fn parameters(files: &[FileRecord]) -> Option<u64> {
    files.iter().filter_map(|file| file.tensors.as_ref()).map(|tensors| tensors.parameters).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(content: &str) -> Manifest {
        let file = FileRecord { path: "text".into(), bytes: 4, sha256: content.into(), tensors: None };
        let draft = Draft { source: Origin::Program, labels: BTreeMap::new(), files: vec![file] };
        Manifest::new("iris", None, draft)
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), None);
        let written = manifest("ab");
        std::fs::write(folder.path().join(FILE), written.to_text().unwrap()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), Some(written));
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let newer = String::from_utf8(manifest("ab").to_text().unwrap()).unwrap();
        let newer = newer.replace("\"manifest\": 1", "\"manifest\": 2");
        for (text, problem) in [
            ("", "EOF while parsing a value"),
            ("{\"manifest\": 1", "EOF while parsing an object"),
            ("[]", "invalid length 0"),
            (&newer, "it has form 2, expected 1: a newer Playhouse wrote it"),
        ] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let error = Manifest::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn versions_are_sorted_by_time() {
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let times = [999_999_999, 1_764_085_200, 1_764_085_201, 1_795_600_000];
        let versions: Vec<_> = times.map(|time| version_of(at(time), "0123456789")).into();
        assert_eq!(versions[0], "20010909-014639-012345");
        assert!(versions.is_sorted(), "{versions:?}");
    }

    #[test]
    fn the_digest_is_that_of_the_content() {
        assert_eq!(manifest("ab").digest, manifest("ab").digest);
        assert_ne!(manifest("ab").digest, manifest("cd").digest);
    }
}
