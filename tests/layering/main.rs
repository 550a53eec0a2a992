//! Holds the layout: which package may depend on which, and which file may know which crate.
//!
//! A breach is printed with its place and with the reason of the rule. clippy.toml has the bans that hold everywhere.

mod source;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Our packages, each with those of ours that it may depend on.
const DIRECTION: &[(&str, &[&str])] = &[
    ("playhouse", &["playhouse-cluster", "playhouse-actors"]),
    ("playhouse-cluster", &["playhouse-actors"]),
    ("playhouse-actors", &["playhouse-macros"]),
    ("playhouse-macros", &[]),
];

/// Paths that only some sources may name.
struct Rule {
    /// The paths, with all that is below them.
    paths: &'static [&'static str],
    /// Files and folders in which they are looked for.
    within: &'static [&'static str],
    /// Files and folders that may name them all the same.
    except: &'static [&'static str],
    reason: &'static str,
}

/// What becomes part of the product.
const PRODUCT: &[&str] = &["src", "cluster/src", "actors/src", "actors/macros/src"];

/// The product, and what is compiled beside it.
const EVERYTHING: &[&str] = &["src", "cluster", "actors", "examples", "tests"];

const RULES: &[Rule] = &[
    Rule {
        paths: &["actix"],
        within: PRODUCT,
        except: &[
            "actors/src/group/worker.rs",           // a worker is an actix actor
            "actors/src/supervision/supervisor.rs", // so is a supervisor
            "actors/src/executor.rs",               // starts the System and the arbiters they run on
        ],
        reason: "actix stays behind worker, supervisor and executor",
    },
    Rule {
        paths: &["etcd_client"],
        within: EVERYTHING,
        except: &["cluster/src/etcd.rs"],
        reason: "one file knows etcd's client, so that the registry can be another store",
    },
    Rule {
        paths: &["actix_web", "actix_http", "actix_server", "actix_service"],
        within: EVERYTHING,
        except: &["src/gateway"],
        reason: "HTTP is the gateway's business alone",
    },
    Rule {
        paths: &["flate2", "zstd", "httparse"],
        within: PRODUCT,
        except: &["src/gateway"],
        reason: "bodies are decompressed and cut into parts where they come in, and nowhere else",
    },
    Rule {
        paths: &["prometheus_client"],
        within: EVERYTHING,
        except: &["src/telemetry"],
        reason: "what is counted is counted without knowing who reads it",
    },
    Rule {
        paths: &["opentelemetry", "opentelemetry_http", "opentelemetry_otlp", "opentelemetry_sdk"],
        within: EVERYTHING,
        except: &["src/telemetry"],
        reason: "a call is a span of `tracing`; where spans go is told in one place",
    },
    Rule {
        paths: &["utoipa_swagger_ui"],
        within: EVERYTHING,
        except: &["src/gateway/documents/page.rs"],
        reason: "the page for browsers is one of several that could be shown",
    },
    Rule {
        paths: &["hyper", "hyper_util", "hyper_rustls", "http_body_util", "rustls_native_certs"],
        within: EVERYTHING,
        except: &["src/outbound"],
        reason: "calling out by HTTP has one room",
    },
    Rule {
        paths: &["candle_core", "candle_nn", "candle_transformers"],
        within: EVERYTHING,
        except: &["src/model", "examples"],
        reason: "the runtime moves tensors as bytes; models and examples compute with them",
    },
    Rule {
        paths: &["zip::ZipArchive"],
        within: PRODUCT,
        except: &["src/model/intake"],
        reason: "archives are believed nothing, in one place",
    },
    Rule {
        paths: &["indicatif"],
        within: PRODUCT,
        except: &["src/cli/models"],
        reason: "bars are drawn for those who look at a terminal",
    },
    Rule {
        paths: &["tokio::net", "socket2"],
        within: &["cluster/src"],
        except: &["cluster/src/transport"],
        reason: "connections are a transport's business, so that all of it runs in a simulation",
    },
    Rule {
        paths: &["redb"],
        within: EVERYTHING,
        except: &["src/tasks/store/file"],
        reason: "one place knows the file that tasks are in, so that it can be another one",
    },
    Rule {
        paths: &["std::net", "std::os::unix::net", "tokio::net", "socket2"],
        within: &["actors/src", "actors/macros/src"],
        except: &[],
        reason: "`actors` opens no socket",
    },
    Rule {
        paths: &["std::time::Instant", "std::time::SystemTime", "std::thread::sleep"],
        within: &["actors/src", "actors/macros/src"],
        except: &[],
        reason: "`actors` asks no clock but tokio's",
    },
];

impl Rule {
    /// Where the file at `path` breaks this rule.
    fn breaches(&'static self, path: &Path, source: &str) -> Vec<Breach> {
        let covers = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
        if !covers(self.within) || covers(self.except) {
            return Vec::new();
        }
        source::paths(source)
            .into_iter()
            .filter(|named| self.paths.iter().any(|path| is_below(&named.path, path)))
            .map(|named| Breach { file: path.to_owned(), line: named.line, path: named.path, reason: self.reason })
            .collect()
    }
}

/// Whether `path` is `ancestor` or something in it, as `std::net::TcpStream` is in `std::net`. A longer word is not:
/// `actix_rt` is not in `actix`.
fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

struct Breach {
    file: PathBuf,
    line: usize,
    path: String,
    reason: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: names `{}`, but {}", self.file.display(), self.line, self.path, self.reason)
    }
}

#[test]
fn packages_depend_one_way() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let breaches = DIRECTION.iter().flat_map(|&(package, allowed)| upward(find(&metadata, package), allowed));
    assert_none("see DIRECTION in tests/layering/main.rs", breaches);
}

#[test]
fn every_package_has_its_place() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let unplaced = metadata.packages.iter().map(|package| package.name.as_str()).filter(|name| !is_ours(name));
    assert_none("give it a place in DIRECTION in tests/layering/main.rs", unplaced);
}

#[test]
fn files_know_only_their_crates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut breaches = Vec::new();
    for file in rust_files(root) {
        let source = fs::read_to_string(&file).expect("a source in UTF-8");
        let path = file.strip_prefix(root).expect("found below the root");
        breaches.extend(RULES.iter().flat_map(|rule| rule.breaches(path, &source)));
    }
    assert_none("see RULES in tests/layering/main.rs", breaches);
}

/// A rule that cannot fail holds nothing.
#[test]
fn every_rule_can_be_broken() {
    for rule in RULES {
        for (path, place) in rule.paths.iter().flat_map(|path| rule.within.iter().map(move |place| (path, place))) {
            let file = Path::new(place).join("sample.rs");
            let breaches = rule.breaches(&file, &format!("// {path}\nuse {path}::Thing;"));
            let told: Vec<_> = breaches.iter().map(Breach::to_string).collect();
            let excepted = rule.except.iter().any(|except| file.starts_with(except));
            let expected = format!("{place}/sample.rs:2: names `{path}::Thing`, but {}", rule.reason);
            assert_eq!(told, if excepted { Vec::new() } else { vec![expected] });
        }
    }
}

#[test]
fn exceptions_and_other_places_are_left_alone() {
    for rule in RULES {
        let source: String = rule.paths.iter().map(|path| format!("use {path}::Thing;")).collect();
        for place in rule.except.iter().chain(&["docker/sample.rs"]) {
            assert!(rule.breaches(Path::new(place), &source).is_empty(), "{place}: {}", rule.reason);
        }
    }
}

#[test]
fn a_dependency_that_points_back_is_found() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let breaches: Vec<_> = upward(find(&metadata, "playhouse"), &["playhouse-cluster"]).collect();
    assert_eq!(breaches, ["playhouse depends on playhouse-actors"]);
}

/// What `package` depends on, of our packages, without being allowed to. Tests may depend on anything.
fn upward<'a>(package: &'a Package, allowed: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
        .filter(move |name| is_ours(name) && !allowed.contains(name))
        .map(|name| format!("{} depends on {name}", package.name))
}

fn is_ours(name: &str) -> bool {
    DIRECTION.iter().any(|&(package, _)| package == name)
}

fn find<'a>(metadata: &'a Metadata, name: &str) -> &'a Package {
    metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name)
        .unwrap_or_else(|| panic!("no package {name} in the workspace"))
}

/// All Rust files in the folders that rules look into.
fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = EVERYTHING.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn assert_none(hint: &str, breaches: impl IntoIterator<Item = impl fmt::Display>) {
    let told: Vec<_> = breaches.into_iter().map(|breach| format!("\n  {breach}")).collect();
    assert!(told.is_empty(), "the layout is broken ({hint}):{}", told.concat());
}
