//! One file of a version.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{FILE, Tensors};
use crate::model::progress::Progress;
use crate::model::{Error, digest};

/// One file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileRecord {
    /// Where it is in the folder of the version, with `/` between the steps.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// What it holds, if it is a safetensors file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensors: Option<Tensors>,
}

/// What the weights of a version are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// Files ending in `.safetensors`, or whole ones under another name.
    Safetensors,
    /// Files ending in `.gguf`.
    Gguf,
    /// Files ending in `.onnx`.
    Onnx,
    /// Files ending in `.bin`, `.pt` or `.pth`.
    Pytorch,
    /// None of them.
    Other,
}

impl Format {
    /// What the name of a file says of it.
    pub(in crate::model) fn of_path(path: &str) -> Self {
        let suffix = path.rsplit_once('.').map(|(_, suffix)| suffix.to_ascii_lowercase());
        match suffix.as_deref() {
            Some("safetensors") => Self::Safetensors,
            Some("gguf") => Self::Gguf,
            Some("onnx") => Self::Onnx,
            Some("bin" | "pt" | "pth") => Self::Pytorch,
            _ => Self::Other,
        }
    }

    /// The one that candle reads best, of those that are there.
    pub(super) fn of_all(files: &[FileRecord]) -> Self {
        let format = |file: &FileRecord| file.tensors.as_ref().map_or(Self::of_path(&file.path), |_| Self::Safetensors);
        files.iter().map(format).min().unwrap_or(Self::Other)
    }
}

/// Looks into a file that was written and hashed. A damaged safetensors file has no tensors; why, is told beside it.
pub(in crate::model) fn record(
    folder: &Path,
    path: String,
    bytes: u64,
    sha256: String,
) -> Result<(FileRecord, Option<String>), Error> {
    let on_disk = folder.join(&path);
    let (tensors, problem) = match Tensors::of(&on_disk, bytes)? {
        Ok(tensors) => (Some(tensors), None),
        Err(problem) if Format::of_path(&path) == Format::Safetensors => (None, Some(problem)),
        Err(_) => (None, None),
    };
    let problem = if is_lfs_pointer(&on_disk, bytes)? {
        Some("is a Git LFS pointer, not the file itself: run `git lfs pull` where it came from".to_owned())
    } else {
        problem.map(|problem| format!("is not a whole safetensors file: {problem}"))
    };
    Ok((FileRecord { path, bytes, sha256, tensors }, problem))
}

/// Hashes all that a program has written into a folder.
pub(in crate::model) fn inventory(folder: &Path) -> Result<Vec<FileRecord>, Error> {
    let mut files = Vec::new();
    for (path, _) in walk(folder)? {
        let (bytes, sha256) = digest::of_file(&folder.join(&path), &() as &dyn Progress)?;
        files.push(record(folder, path, bytes, sha256)?.0);
    }
    Ok(files)
}

/// All files below a folder but the manifest, with their sizes; sorted by their paths.
pub(in crate::model) fn walk(folder: &Path) -> Result<Vec<(String, u64)>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(parent) = folders.pop() {
        let place = folder.join(&parent);
        for entry in fs::read_dir(&place).map_err(Error::io("read the folder", &place))? {
            let entry = entry.map_err(Error::io("read the folder", &place))?;
            let path = format!("{parent}{}", entry.file_name().to_string_lossy());
            // A link to a folder stays one: what it leads to is not the version's.
            if entry.file_type().map_err(Error::io("read", &entry.path()))?.is_dir() {
                folders.push(path + "/");
            } else if path != FILE {
                let bytes = entry.path().metadata().map_or(0, |metadata| metadata.len());
                files.push((path, bytes));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether the file is what Git leaves in place of a large one. Such files have less than 1 KiB.
fn is_lfs_pointer(path: &Path, bytes: u64) -> Result<bool, Error> {
    const BEGIN: &[u8] = b"version https://git-lfs.github.com/spec/";
    if bytes > 1024 {
        return Ok(false);
    }
    let mut begin = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(BEGIN.len() as u64).read_to_end(&mut begin).map_err(Error::io("read", path))?;
    Ok(begin == BEGIN)
}
