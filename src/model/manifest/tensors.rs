//! What a safetensors file holds, read from its header.
//!
//! The file: 8 bytes with the length of the header, the header in JSON, the numbers of all tensors one behind the other.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::Metadata;
use serde::{Deserialize, Serialize};

use crate::model::Error;

/// The longest header that is read, in bytes: a hundred thousand tensors. It bounds what a file can cost.
const HEADER_MAX: u64 = 16 << 20;

/// How many tensors of one file are listed.
const LISTED_MAX: usize = 10_000;

/// What a safetensors file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tensors {
    /// How many tensors there are.
    pub count: usize,
    /// How many numbers they hold.
    pub parameters: u64,
    /// The tensors in the order of their names; the first 10,000 of them.
    pub listed: Vec<TensorRecord>,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TensorRecord {
    /// Its name.
    pub name: String,
    /// What its numbers are, as the file says it: `F32`, `BF16`.
    pub dtype: String,
    /// How many rows, columns and so on.
    pub shape: Vec<usize>,
}

impl Tensors {
    /// Reads the header of a file of so many bytes; the inner error says why it is no whole safetensors file.
    pub(super) fn of(path: &Path, bytes: u64) -> Result<Result<Self, String>, Error> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let header = match header(&mut file, bytes).map_err(Error::io("read", path))? {
            Ok(header) => header,
            Err(problem) => return Ok(Err(problem)),
        };
        Ok(Self::parse(&header, bytes - 8 - header.len() as u64))
    }

    /// Reads a header that `data` bytes follow.
    fn parse(header: &[u8], data: u64) -> Result<Self, String> {
        let metadata: Metadata =
            serde_json::from_slice(header).map_err(|error| format!("its header does not fit: {error}"))?;
        let described = metadata.data_len() as u64;
        if described != data {
            return Err(format!("its tensors take {described} bytes, but {data} follow the header"));
        }
        let tensors = metadata.tensors();
        let numbers = |shape: &[usize]| shape.iter().map(|&size| size as u64).product::<u64>();
        let parameters = tensors.values().map(|tensor| numbers(&tensor.shape)).fold(0, u64::saturating_add);
        let count = tensors.len();
        let mut listed: Vec<_> = tensors
            .into_iter()
            .map(|(name, tensor)| TensorRecord {
                name,
                dtype: format!("{:?}", tensor.dtype),
                shape: tensor.shape.clone(),
            })
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        listed.truncate(LISTED_MAX);
        Ok(Self { count, parameters, listed })
    }
}

/// The header of a file of so many bytes, if its length can be right.
fn header(file: &mut File, bytes: u64) -> std::io::Result<Result<Vec<u8>, String>> {
    let mut length = [0; 8];
    if bytes < 8 {
        return Ok(Err(format!("it has {bytes} bytes, expected at least 8")));
    }
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_MAX {
        return Ok(Err(format!("it asks for a header of {length} bytes, expected at most {HEADER_MAX}")));
    }
    if length > bytes - 8 {
        return Ok(Err(format!("it asks for a header of {length} bytes, but ends after {}", bytes - 8)));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    Ok(Ok(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this header and so many zeros behind it.
    fn inspect(header: &str, data: usize) -> Result<Tensors, String> {
        let mut content = (header.len() as u64).to_le_bytes().to_vec();
        content.extend_from_slice(header.as_bytes());
        content.resize(content.len() + data, 0);
        inspect_bytes(&content)
    }

    fn inspect_bytes(content: &[u8]) -> Result<Tensors, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, content).unwrap();
        Tensors::of(&path, content.len() as u64).unwrap()
    }

    #[test]
    fn tensors_are_listed_by_name() {
        let header = r#"{"__metadata__":{"format":"pt"},
            "weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
            "bias":{"dtype":"BF16","shape":[3],"data_offsets":[24,30]}}"#;
        let tensors = inspect(header, 30).unwrap();
        assert_eq!((tensors.count, tensors.parameters), (2, 9));
        let listed: Vec<_> = tensors
            .listed
            .iter()
            .map(|tensor| format!("{} {} {:?}", tensor.name, tensor.dtype, tensor.shape))
            .collect();
        assert_eq!(listed, ["bias BF16 [3]", "weight F32 [2, 3]"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let one = |shape: &str, offsets: &str| {
            format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        let table = [
            (one("[2]", "[0,8]"), 7, "its tensors take 8 bytes, but 7 follow the header"),
            (one("[2]", "[0,8]"), 9, "its tensors take 8 bytes, but 9 follow the header"),
            (one("[3]", "[0,8]"), 8, "its header does not fit: "),
            (one("[2]", "[4,12]"), 12, "its header does not fit: "),
            (one("[2]", "[8,0]"), 8, "its header does not fit: "),
            (one("[4611686018427387904, 4]", "[0,0]"), 0, "its header does not fit: "),
            (one("[-1]", "[0,8]"), 8, "its header does not fit: "),
            (one("[2]", "[0,8]").replace("F32", "F33"), 8, "its header does not fit: "),
            ("not json".to_owned(), 8, "its header does not fit: "),
        ];
        for (header, data, expected) in table {
            let problem = inspect(&header, data).unwrap_err();
            assert!(problem.starts_with(expected), "{header}: {problem}");
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        let table: [(&[u8], &str); 4] = [
            (b"", "it has 0 bytes, expected at least 8"),
            (b"1234567", "it has 7 bytes, expected at least 8"),
            (b"<!DOCTYPE html>", "expected at most 16777216"),
            (b"\x00\x00\x00\x01\0\0\0\0{}", "it asks for a header of 16777216 bytes, but ends after 2"),
        ];
        for (content, expected) in table {
            let problem = inspect_bytes(content).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
