//! The files of a new project.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::name::ProjectName;

/// How to ask a new project's service something.
pub(super) const CURL: &str =
    r#"curl http://127.0.0.1:3000/greet -H 'content-type: application/json' -d '{"name": "world"}'"#;

/// A project to be written.
#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) name: ProjectName,
    pub(super) playhouse: Playhouse,
}

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Relative to the project's folder.
    pub(super) path: &'static str,
    pub(super) text: String,
    pub(super) executable: bool,
}

impl Project {
    /// All files. The same project always has the same ones.
    pub(super) fn files(&self) -> Vec<File> {
        let plain = |path, template| File { path, text: self.fill(template), executable: false };
        vec![
            plain("Cargo.toml", include_str!("../template/Cargo.toml.txt")),
            plain("README.md", include_str!("../template/README.md")),
            plain("src/main.rs", include_str!("../template/main.rs")),
            plain(".gitignore", include_str!("../template/gitignore")),
            plain(".cargo/config.toml", include_str!("../template/config.toml")),
            // The workspace's own, so that both find the compiler in the same places.
            File { executable: true, ..plain(".cargo/protoc", include_str!("../../../.cargo/protoc")) },
        ]
    }

    fn fill(&self, template: &str) -> String {
        template
            .replace("{{name}}", self.name.as_str())
            .replace("{{playhouse}}", &self.playhouse.dependency())
            .replace("{{rust-version}}", env!("CARGO_PKG_RUST_VERSION"))
            .replace("{{curl}}", CURL)
    }
}

/// The Playhouse that a project builds with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Playhouse {
    /// Sources in a folder.
    Checkout(PathBuf),
    /// The release of this version.
    Release(&'static str),
}

impl Playhouse {
    /// The sources that this program was built from, if they are still there; else the release it belongs to.
    pub(super) fn of_this_program() -> Self {
        Self::at(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or(Self::Release(env!("CARGO_PKG_VERSION")))
    }

    /// The sources in `folder`, by a path that holds from every other folder.
    pub(super) fn at(folder: &Path) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        folder.join("Cargo.toml").is_file().then_some(Self::Checkout(folder))
    }

    /// What comes after `playhouse =` in a manifest.
    fn dependency(&self) -> String {
        match self {
            Self::Checkout(folder) => format!("{{ path = {} }}", toml_string(&folder.to_string_lossy())),
            Self::Release(version) => toml_string(version),
        }
    }
}

impl fmt::Display for Playhouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout(folder) => write!(f, "the Playhouse in {}", folder.display()),
            Self::Release(version) => write!(f, "Playhouse {version}"),
        }
    }
}

fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(project: &Project, path: &str) -> File {
        project.files().into_iter().find(|file| file.path == path).expect("a file of every project")
    }

    fn project(playhouse: Playhouse) -> Project {
        Project { name: "hello".parse().expect("a good name"), playhouse }
    }

    /// From the first profile on, as both manifests end with them.
    fn profiles(manifest: &str) -> &str {
        &manifest[manifest.find("[profile.dev]").expect("profiles")..]
    }

    #[test]
    fn the_manifest_names_project_and_playhouse() {
        let manifest = file(&project(Playhouse::Release("1.2.3")), "Cargo.toml").text;
        assert!(manifest.contains("name = \"hello\"\n"), "{manifest}");
        assert!(manifest.contains("playhouse = \"1.2.3\"\n"), "{manifest}");
    }

    #[test]
    fn a_checkout_is_named_by_its_path_whatever_is_in_it() {
        let manifest = file(&project(Playhouse::Checkout(PathBuf::from("/a \"b\"\\c"))), "Cargo.toml").text;
        assert!(manifest.contains(r#"playhouse = { path = "/a \"b\"\\c" }"#), "{manifest}");
    }

    /// Otherwise models would be a hundred times slower in a new project than here.
    #[test]
    fn profiles_are_those_of_the_workspace() {
        let manifest = file(&project(Playhouse::of_this_program()), "Cargo.toml").text;
        assert_eq!(profiles(&manifest), profiles(include_str!("../../../Cargo.toml")));
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for file in project(Playhouse::of_this_program()).files() {
            assert!(!file.text.contains("{{"), "{}: {}", file.path, file.text);
        }
    }
}
