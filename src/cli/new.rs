//! `playhouse new`: starts a project of one's own.

mod name;
mod project;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use self::{
    name::ProjectName,
    project::{File, Playhouse, Project},
};

/// Starts a project: a folder with one small service that builds, runs and has a test.
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Name of the project, of its folder and of its program
    name: ProjectName,

    /// Folder of a Playhouse checkout to build with, instead of the one that this program was built from
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

impl New {
    /// Writes the project into a new folder of the current one, and prints what to do next.
    ///
    /// # Errors
    ///
    /// See [`NewError`]; nothing is left behind then.
    pub(crate) fn run(&self) -> Result<(), NewError> {
        anstream::println!("{}", self.create_in(Path::new(""))?);
        Ok(())
    }

    fn create_in(&self, parent: &Path) -> Result<Created, NewError> {
        let project = Project { name: self.name.clone(), playhouse: self.playhouse()? };
        let folder = parent.join(self.name.as_str());
        if is_taken(&folder) {
            return Err(NewError::Taken { folder });
        }
        // A reader sees all of the project or nothing: it is written beside its place, then moved there.
        let draft = parent.join(format!(".{}.{}.partial", self.name, std::process::id()));
        let written = write_all(&draft, &project.files()).and_then(|()| fs::rename(&draft, &folder));
        if let Err(source) = written {
            // What went wrong first is what the user must know; a leftover draft has a telling name.
            let _ = fs::remove_dir_all(&draft);
            return Err(NewError::Write { folder, source });
        }
        Ok(Created { project })
    }

    fn playhouse(&self) -> Result<Playhouse, NewError> {
        let Some(folder) = &self.path else {
            return Ok(Playhouse::of_this_program());
        };
        Playhouse::at(folder).ok_or_else(|| NewError::NoCheckout { folder: folder.clone() })
    }
}

/// Why there is no new project. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NewError {
    /// Something is there already that would be overwritten.
    #[error("{} exists and is not empty: choose another name, or remove it", .folder.display())]
    Taken {
        /// Where the project would go.
        folder: PathBuf,
    },

    /// What `--path` names is not a checkout of Playhouse.
    #[error("{} has no Cargo.toml: --path wants the folder of a Playhouse checkout", .folder.display())]
    NoCheckout {
        /// What `--path` names.
        folder: PathBuf,
    },

    /// The disk is full, or the folder is not ours to write to.
    #[error("cannot write {}", .folder.display())]
    Write {
        /// Where the project would go.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// What was made, and what to do next.
#[derive(Debug)]
struct Created {
    project: Project,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Project { name, playhouse } = &self.project;
        writeln!(f, "created {name}, which builds with {playhouse}\n")?;
        writeln!(f, "start it:   cd {name} && cargo run")?;
        write!(f, "ask it:     {}", project::CURL)
    }
}

/// An empty folder is as good as none.
fn is_taken(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn write_all(folder: &Path, files: &[File]) -> io::Result<()> {
    for file in files {
        let path = folder.join(file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &file.text)?;
        if file.executable {
            make_executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Elsewhere the name alone decides what can be run.
#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str) -> New {
        New { name: name.parse().expect("a good name"), path: None }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        entries.map(|name| name.into_string().expect("UTF-8")).collect()
    }

    #[test]
    fn a_project_is_written_and_nothing_else() {
        let parent = tempfile::tempdir().expect("a folder");
        let created = new("hello").create_in(parent.path()).expect("a project");
        assert_eq!(names(parent.path()), ["hello"]);
        for file in created.project.files() {
            let text = fs::read_to_string(parent.path().join("hello").join(file.path)).expect("written");
            assert_eq!(text, file.text, "{:?}", file.path);
        }
        let next = created.to_string();
        assert!(next.contains("cd hello && cargo run") && next.contains("curl"), "{next}");
    }

    #[cfg(unix)]
    #[test]
    fn the_compiler_finder_can_be_run() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().expect("a folder");
        new("hello").create_in(parent.path()).expect("a project");
        let finder = fs::metadata(parent.path().join("hello/.cargo/protoc")).expect("written");
        assert_eq!(finder.permissions().mode() & 0o111, 0o111);
    }

    #[test]
    fn an_empty_folder_is_filled_and_a_full_one_left_alone() {
        let parent = tempfile::tempdir().expect("a folder");
        fs::create_dir(parent.path().join("hello")).expect("a folder");
        new("hello").create_in(parent.path()).expect("a project");
        let error = new("hello").create_in(parent.path()).expect_err("there is one");
        assert!(matches!(error, NewError::Taken { .. }), "{error}");
        assert_eq!(names(parent.path()), ["hello"]);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let parent = tempfile::tempdir().expect("a folder");
        let file = parent.path().join("file");
        fs::write(&file, "no folder").expect("written");
        let error = new("hello").create_in(&file).expect_err("a file has no folders");
        assert!(matches!(error, NewError::Taken { .. } | NewError::Write { .. }), "{error}");
        assert_eq!(names(parent.path()), ["file"]);
    }

    #[test]
    fn a_path_must_lead_to_a_checkout() {
        let parent = tempfile::tempdir().expect("a folder");
        let lost = New { path: Some(parent.path().to_owned()), ..new("hello") };
        let error = lost.create_in(parent.path()).expect_err("an empty folder");
        assert!(matches!(error, NewError::NoCheckout { .. }), "{error}");
    }
}
