//! The files of one version of a model.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use candle_core::DType;
use candle_nn::VarBuilder;
use playhouse_actors::{Failure, InitContext, Inject, Requirement, RequirementKind, Result as UserResult};

use super::manifest::{self, FileRecord, Manifest};
use super::progress::Progress;
use super::{Device, Error, ModelStore, budget, digest};

/// How the files of a model are compared with those that were added, before a worker starts on them.
///
/// [`App::provide`](crate::App::provide) and [`NodeBuilder::provide`](crate::NodeBuilder::provide) take it, and
/// `--verify-models` sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelCheck {
    /// Their sizes: a few microseconds for each file.
    #[default]
    Sizes,
    /// Their hashes: each worker reads all of them once more, about 1 GB a second. A version without a manifest is
    /// refused.
    Hashes,
}

/// The folder that one version of a model is in; a constructor asks for it with `#[model("name:version")]`.
///
/// It is looked up in the [`ModelStore`] that the program provides, or else in the one in `PLAYHOUSE_HOME`, each time a
/// worker starts: `latest` is what it is at that moment. Files that are missing or have another size than when they were
/// added keep the worker from starting; [`ModelCheck`] can ask for more, and `playhouse models verify` reads them whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    name: String,
    version: String,
    path: PathBuf,
}

impl ModelFiles {
    pub(super) fn new(name: String, version: String, path: PathBuf) -> Self {
        Self { name, version, path }
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, never `latest`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file, such as `tokenizer.json` or `1_Pooling/config.json`.
    ///
    /// # Errors
    /// [`Error::NoFile`] with what there is, [`Error::Outside`] for a path that leaves the folder.
    pub fn file(&self, file: &str) -> Result<PathBuf, Error> {
        let mut steps = Path::new(file).components();
        if file.is_empty() || !steps.all(|step| matches!(step, Component::Normal(_))) {
            return Err(Error::Outside { file: file.to_owned(), folder: self.path.clone() });
        }
        let path = self.path.join(file);
        if path.is_file() {
            return Ok(path);
        }
        Err(Error::NoFile { file: file.to_owned(), folder: self.path.clone(), known: self.names()? })
    }

    /// Reads a file as it is.
    ///
    /// # Errors
    /// As [`ModelFiles::file`], or when it cannot be read.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, Error> {
        let path = self.file(file)?;
        fs::read(&path).map_err(Error::io("read", &path))
    }

    /// Reads a file of weights, which are converted to `f32` as they are asked for.
    ///
    /// The file is read, not mapped: a mapped file that somebody shortens ends the process. Its bytes stay in memory
    /// until the builder is dropped.
    ///
    /// # Errors
    /// As [`ModelFiles::read`], or [`Error::Corrupt`] when it is not a whole safetensors file.
    pub fn safetensors(&self, file: &str, device: &Device) -> Result<VarBuilder<'static>, Error> {
        let weights = VarBuilder::from_buffered_safetensors(self.read(file)?, DType::F32, device);
        weights.map_err(|error| Error::Corrupt { path: self.path.join(file), problem: error.to_string() })
    }

    /// What is known of the version; `None` if it was put there by hand or by an older Playhouse.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn manifest(&self) -> Result<Option<Manifest>, Error> {
        Manifest::read(&self.path)
    }

    /// Compares the files with the manifest: that they are there, and have the sizes they had. Takes a few microseconds
    /// for each. A version without a manifest is taken as it is.
    ///
    /// # Errors
    /// [`Error::Damaged`] with each file that is not as it was, a manifest that cannot be read.
    pub fn check(&self) -> Result<(), Error> {
        let Some(manifest) = self.manifest()? else { return Ok(()) };
        let damages = manifest.files.iter().filter_map(|file| self.compare(file).err()).collect();
        self.damaged(damages)
    }

    fn check_by(&self, check: ModelCheck) -> Result<(), Error> {
        match check {
            ModelCheck::Sizes => self.check(),
            ModelCheck::Hashes if self.verify(&())? => Ok(()),
            ModelCheck::Hashes => {
                let problem = "it is missing, so that the files cannot be verified".to_owned();
                Err(Error::Manifest { path: self.path.join(manifest::FILE), problem })
            }
        }
    }

    /// Reads all files and compares their hashes with those of the manifest; false if there is no manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`] with each file that is missing, not as it was, or was not there; a manifest that cannot be
    /// read.
    pub(crate) fn verify(&self, progress: &dyn Progress) -> Result<bool, Error> {
        let Some(manifest) = self.manifest()? else { return Ok(false) };
        progress.expect(manifest.bytes);
        let mut damages = Vec::new();
        for file in &manifest.files {
            progress.begin(&file.path);
            damages.extend(self.compare(file).and_then(|()| self.compare_content(file, progress)).err());
        }
        let known: BTreeMap<_, _> = manifest.files.iter().map(|file| (file.path.as_str(), ())).collect();
        for (path, _) in manifest::walk(&self.path)? {
            if !known.contains_key(path.as_str()) {
                damages.push(Damage { file: path, problem: "was not added with the others".to_owned() });
            }
        }
        self.damaged(damages).map(|()| true)
    }

    /// Whether a file is there with its size.
    fn compare(&self, file: &FileRecord) -> Result<(), Damage> {
        let problem = match fs::metadata(self.path.join(&file.path)) {
            Ok(metadata) if !metadata.is_file() => "is no file any more".to_owned(),
            Ok(metadata) if metadata.len() == file.bytes => return Ok(()),
            Ok(metadata) => format!("has {} bytes, expected {}", metadata.len(), file.bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => "is missing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        Err(Damage { file: file.path.clone(), problem })
    }

    fn compare_content(&self, file: &FileRecord, progress: &dyn Progress) -> Result<(), Damage> {
        let problem = match digest::of_file(&self.path.join(&file.path), progress) {
            Ok((_, sha256)) if sha256 == file.sha256 => return Ok(()),
            Ok((_, sha256)) => format!("has changed: its SHA-256 is {sha256}, expected {}", file.sha256),
            Err(error) => format!("cannot be read: {error}"),
        };
        Err(Damage { file: file.path.clone(), problem })
    }

    fn damaged(&self, damages: Vec<Damage>) -> Result<(), Error> {
        if damages.is_empty() {
            return Ok(());
        }
        let (name, version, folder) = (self.name.clone(), self.version.clone(), self.path.clone());
        Err(Error::Damaged { name, version, folder, damages })
    }

    /// The sorted names of what is in the folder, without the manifest.
    fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(Error::io("read the folder", &self.path))? {
            let entry = entry.map_err(Error::io("read the folder", &self.path))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.retain(|name| name != manifest::FILE);
        names.sort();
        Ok(names)
    }
}

/// What is wrong with one file of a version.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Damage {
    /// Its path in the folder of the version.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.problem)
    }
}

impl Inject for ModelFiles {
    fn requirement(argument: Option<&'static str>) -> RequirementKind {
        RequirementKind::Model(argument.unwrap_or_default())
    }

    async fn inject(context: &InitContext, requirement: &Requirement) -> UserResult<Self> {
        budget::claim_thread();
        let asks = |problem: String| Failure::from(format!("parameter `{}`: {problem}", requirement.parameter));
        let RequirementKind::Model(reference) = requirement.kind else {
            return Err(asks(format!("expected the requirement of a model, got {:?}", requirement.kind)));
        };
        if reference.is_empty() {
            return Err(asks("`ModelFiles` needs `#[model(\"name:version\")]` in front of it".to_owned()));
        }
        let found = match context.provision::<ModelStore>() {
            Some(store) => store.resolve(reference),
            None => ModelStore::from_env().and_then(|store| store.resolve(reference)),
        };
        let check = context.provision::<ModelCheck>().copied().unwrap_or_default();
        let checked = found.and_then(|files| files.check_by(check).map(|()| files));
        checked.map_err(|error| asks(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use tempfile::TempDir;

    use super::*;

    /// A folder with one file of weights, and one in a folder.
    fn files() -> (TempDir, ModelFiles) {
        let folder = tempfile::tempdir().unwrap();
        let weights = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::cpu()).unwrap();
        weights.save_safetensors("weights", folder.path().join("model.safetensors")).unwrap();
        fs::create_dir(folder.path().join("pooling")).unwrap();
        fs::write(folder.path().join("pooling/config.json"), "{}").unwrap();
        let files = ModelFiles::new("iris".into(), "1".into(), folder.path().to_owned());
        (folder, files)
    }

    /// What an error says, with the folder as `$`.
    fn message<T>(files: &ModelFiles, result: Result<T, Error>) -> String {
        result.err().expect("refused").to_string().replace(&files.path().display().to_string(), "$")
    }

    #[test]
    fn files_are_found_by_their_paths() {
        let (_folder, files) = files();
        assert_eq!(files.read("pooling/config.json").unwrap(), b"{}");
        for file in ["tokenizer.json", "pooling"] {
            let expected = format!("no file `{file}` in $, where there is model.safetensors, pooling");
            assert_eq!(message(&files, files.file(file)), expected);
        }
        for file in ["", "..", "../iris/1/model.safetensors", "pooling/../../x", "/etc/hostname", "./model.safetensors"]
        {
            let expected =
                format!("`{file}` is not a path within $: expected one without `..` that does not begin with `/`");
            assert_eq!(message(&files, files.file(file)), expected);
        }
    }

    #[test]
    fn weights_are_read_as_f32() {
        let (_folder, files) = files();
        let half = Tensor::new(&[1.5f64], &Device::cpu()).unwrap().to_dtype(DType::F16).unwrap();
        half.save_safetensors("weights", files.path().join("half.safetensors")).unwrap();
        let read = |file| files.safetensors(file, &Device::cpu()).unwrap().get_unchecked("weights").unwrap();
        assert_eq!(read("model.safetensors").to_vec2::<f32>().unwrap(), [[1., 2.], [3., 4.]]);
        assert_eq!(read("half.safetensors").to_vec1::<f32>().unwrap(), [1.5]);
    }

    #[test]
    fn a_file_cut_anywhere_is_corrupt() {
        let (_folder, files) = files();
        let whole = files.read("model.safetensors").unwrap();
        for length in 0..whole.len() {
            fs::write(files.path().join("cut"), &whole[..length]).unwrap();
            let error = message(&files, files.safetensors("cut", &Device::cpu()));
            assert!(error.starts_with("$/cut is not a whole safetensors file: "), "{length}: {error}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_corrupt() {
        let (_folder, files) = files();
        for content in [&b"not weights at all"[..], &[0xff; 64], &[0; 64], b"\x02\0\0\0\0\0\0\0{}trailing"] {
            fs::write(files.path().join("other"), content).unwrap();
            assert!(matches!(files.safetensors("other", &Device::cpu()), Err(Error::Corrupt { .. })), "{content:?}");
        }
    }

    #[test]
    fn a_missing_attribute_is_asked_for_by_name() {
        assert_eq!(ModelFiles::requirement(None), RequirementKind::Model(""));
        assert_eq!(ModelFiles::requirement(Some("iris:1")), RequirementKind::Model("iris:1"));
    }
}
