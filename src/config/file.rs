//! What a configuration file says.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use playhouse_actors::ServiceDescription;

use super::error::Problem;
use super::http::HttpSettings;
use super::log_format::LogFormat;
use super::section::{Problems, Section};
use super::service::ServiceSection;
use super::tasks::TaskSection;
use super::traces::Traces;
use super::yaml::{Located, Value};
use crate::nearest::nearest;

/// What a configuration file says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct File {
    pub(crate) http: HttpSettings,
    pub(crate) threads: Option<NonZeroUsize>,
    pub(crate) drain_limit: Option<Duration>,
    pub(crate) verify_models: Option<bool>,
    pub(crate) max_answer: Option<usize>,
    pub(crate) depends_ca: Option<PathBuf>,
    pub(crate) log: Option<LogFormat>,
    pub(crate) tasks: TaskSection,
    pub(crate) traces: Traces,
    pub(crate) services: BTreeMap<String, ServiceSection>,
}

impl File {
    /// Reads a file for a program of these services.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn parse(text: &str, services: &[&ServiceDescription]) -> Result<Self, Vec<Problem>> {
        let problems = Problems::default();
        let tree = tree(text)?;
        let file = Self::read(Section::new(String::new(), &tree, &problems), services, &problems);
        let problems = problems.into_sorted();
        if problems.is_empty() { Ok(file) } else { Err(problems) }
    }

    fn read(section: Section<'_>, services: &[&ServiceDescription], problems: &Problems) -> Self {
        let file = Self {
            http: HttpSettings::read(&section),
            threads: section.count("threads"),
            drain_limit: section.duration("drain_limit"),
            verify_models: section.flag("verify_models"),
            max_answer: section.size("max_answer"),
            depends_ca: section.text("depends_ca").map(PathBuf::from),
            log: section.word("log", &LogFormat::NAMES),
            tasks: TaskSection::read(section.section("tasks")),
            traces: Traces::read(section.section("traces")),
            services: sections(&section.section("services"), services, problems),
        };
        if let Some(entry) = &file.http.entry {
            unknown_service(entry, services).inspect(|message| section.complain("entry", message.as_str()));
        }
        section.end();
        file
    }
}

fn sections(
    section: &Section<'_>,
    services: &[&ServiceDescription],
    problems: &Problems,
) -> BTreeMap<String, ServiceSection> {
    let mut sections = BTreeMap::new();
    for entry in section.entries() {
        let path = section.path_of(&entry.key);
        let Some(service) = services.iter().find(|service| service.name == entry.key) else {
            problems.add(entry.line, path, unknown_service(&entry.key, services).unwrap_or_default());
            continue;
        };
        let below = Section::new(path, &entry.value, problems);
        sections.insert(entry.key.clone(), ServiceSection::read(below, service));
    }
    sections
}

/// What to say of a name that no service of the program has.
fn unknown_service(name: &str, services: &[&ServiceDescription]) -> Option<String> {
    let known: Vec<_> = services.iter().map(|service| service.name).collect();
    if known.contains(&name) {
        return None;
    }
    let hint = nearest(name, &known).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    Some(format!("no service is named {name}; {hint}this program has {}", known.join(", ")))
}

fn tree(text: &str) -> Result<Located, Vec<Problem>> {
    if text.trim().is_empty() {
        return Ok(Located { line: 1, value: Value::Null });
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let message = format!("not YAML: {}", error.without_snippet());
        vec![Problem { line, field: String::new(), message }]
    })
}

#[cfg(test)]
mod tests {
    use playhouse_actors::Settings;

    use super::*;

    fn service(name: &'static str) -> ServiceDescription {
        let mut settings = Settings::default();
        settings.restart.backoff_max = Some(Duration::from_secs(5));
        ServiceDescription { name, doc: "", settings, requirements: Vec::new(), methods: Vec::new() }
    }

    fn parse(text: &str) -> Result<File, Vec<String>> {
        let (iris, cleaning) = (service("Iris"), service("Cleaning"));
        let told = |problem: Problem| format!("{}: {problem}", problem.line);
        File::parse(text, &[&cleaning, &iris]).map_err(|problems| problems.into_iter().map(told).collect())
    }

    #[test]
    fn everything_can_be_set() {
        let file = parse(
            "host: 0.0.0.0\nport: 80\nentry: Cleaning\nthreads: 3\ndrain_limit: 1m\nmax_body: 2MiB\nverify_models: true\nmax_answer: 3MiB\nlog: json\n\
             tasks: {store: tasks.redb, max_bytes: 1GiB, max_tasks: 1000, max_result: 1MiB}\n\
             traces: {otlp: 'http://a:1', sample: 0.5}\n\
             max_connections: 50\nhead_timeout: 1s\nbody_timeout: 2s\nwrite_timeout: 3s\naccess_log: true\n\
             server_timing: false\ntoken_file: tokens\nopen_paths: [/metrics]\ntls: {certificate: a.pem, key: b.pem}\n\
             cors: {origins: [https://a], methods: [GET], headers: [x-a], expose: [x-b], credentials: true, max_age: 1h}\n\
             services:\n  Iris:\n    workers: 2\n    slots: 8\n    traffic:\n      timeout: 10s\n      idle_timeout: 2\n      \
             max_concurrency: 64\n      concurrency: 4\n    resources: {cpu: 200m, memory: 512Mi, gpu: 0.5}\n    \
             restart: {policy: never, max_restarts: 0, period: 1m, backoff_min: 10ms, backoff_max: 1s}\n    \
             config: {labels: [a, b]}\n",
        )
        .unwrap();
        assert_eq!(
            (file.http.host.as_deref(), file.http.port, file.http.entry.as_deref()),
            (Some("0.0.0.0"), Some(80), Some("Cleaning"))
        );
        assert_eq!((file.traces.otlp.as_deref(), file.traces.sample), (Some("http://a:1"), Some(0.5)));
        assert_eq!(file.verify_models, Some(true));
        assert_eq!((file.drain_limit, file.http.max_body), (Some(Duration::from_secs(60)), Some(2 << 20)));
        let http = &file.http;
        assert_eq!(
            (http.max_connections.map(NonZeroUsize::get), http.write_timeout),
            (Some(50), Some(Duration::from_secs(3)))
        );
        assert_eq!(
            (http.access_log, http.server_timing, http.open_paths.as_deref()),
            (Some(true), Some(false), Some(&["/metrics".to_owned()][..]))
        );
        assert_eq!((http.tls.key.as_deref(), http.cors.credentials), (Some(std::path::Path::new("b.pem")), Some(true)));
        assert_eq!(file.max_answer, Some(3 << 20));
        let ServiceSection { settings, config, .. } = &file.services["Iris"];
        assert_eq!((settings.workers, settings.slots), (Some(2), Some(8)));
        assert_eq!(settings.traffic.idle_timeout, Some(Duration::from_secs(2)));
        assert_eq!((settings.resources.cpu.as_deref(), settings.resources.gpu), (Some("200m"), Some(0.5)));
        assert_eq!(settings.restart.backoff_min, Some(Duration::from_millis(10)));
        assert_eq!(config, &Some(serde_json::json!({ "labels": ["a", "b"] })));
    }

    #[test]
    fn empty_files_and_sections_say_nothing() {
        for text in ["", "\n", "# nothing\n", "services:\n", "services:\n  Iris:\n", "port: ~\n"] {
            let file = parse(text).unwrap();
            assert_eq!(
                (file.http.port, file.services.values().all(|section| section.config.is_none())),
                (None, true),
                "{text}"
            );
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_lines() {
        let text = "prot: 1\nservices:\n  Iris:\n    worker: 2\n    traffic:\n      max_concurrency: 0\n  Isir: {}\n";
        assert_eq!(
            parse(text).unwrap_err(),
            [
                "1: prot: unknown field; did you mean port? expected one of host, port, entry, max_body, \
                 max_connections, head_timeout, body_timeout, write_timeout, access_log, server_timing, token_file, \
                 open_paths, private_docs, tls, cors, threads, drain_limit, verify_models, max_answer, depends_ca, log, \
                 tasks, traces, services",
                "4: services.Iris.worker: unknown field; did you mean workers? expected one of workers, slots, traffic, \
                 resources, restart, config, depends",
                "6: services.Iris.traffic.max_concurrency: is 0: expected a whole number above 0",
                "7: services.Isir: no service is named Isir; did you mean Iris? this program has Cleaning, Iris",
            ]
        );
    }

    #[test]
    fn each_mistake_says_what_was_expected() {
        let table = [
            ("port: 70000", "1: port: is 70000: expected a port from 0 to 65535; 0 takes a free one"),
            ("verify_models: maybe", "1: verify_models: is \"maybe\": expected true or false"),
            ("log: xml", "1: log: is \"xml\": expected text or json"),
            ("traces: {sample: 2}", "1: traces.sample: is 2: expected a number from 0 to 1, such as 0.1"),
            ("host: [a]", "1: host: is a list: expected a text"),
            ("entry: Nobody", "1: entry: no service is named Nobody; this program has Cleaning, Iris"),
            ("access_log: 3", "1: access_log: is 3: expected true or false"),
            ("cors: {origins: [1]}", "1: cors.origins: is a list: expected a list of texts"),
            ("services: 3", "1: services: is 3: expected a section of fields"),
            (
                "services: {Iris: {workers: 0}}",
                "1: services.Iris.workers: is 0: expected a whole number above 0, or cpu_count",
            ),
            (
                "services: {Iris: {resources: {memory: 512MB}}}",
                "1: services.Iris.resources.memory: is \"512MB\": expected an amount of memory such as 512Mi, 2Gi, 1.5G, or \
                 a number of bytes",
            ),
            (
                "services: {Iris: {workers: cpus}}",
                "1: services.Iris.workers: is \"cpus\": expected a whole number above 0, or cpu_count",
            ),
            (
                "services: {Iris: {traffic: {timeout: 0}}}",
                "1: services.Iris.traffic.timeout: is 0, so that everything would be late: expected a duration above 0",
            ),
            (
                "services: {Iris: {restart: {backoff_min: 10s}}}",
                "1: services.Iris.restart.backoff_min: is 10s, above backoff_max, which is 5s",
            ),
            (
                "services: {Iris: {restart: {backoff_max: 50ms}}}",
                "1: services.Iris.restart.backoff_max: is 50ms, below backoff_min, which is 100ms",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).unwrap_err(), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_not_yaml_is_told_with_its_line() {
        let problems = parse("host: a\nport: [1\nentry: b\n").unwrap_err();
        assert!(problems.len() == 1 && problems[0].contains("not YAML"), "{problems:?}");
        let twice = parse("port: 1\nport: 2\n").unwrap_err();
        assert!(twice[0].starts_with("2: not YAML"), "{twice:?}");
    }
}
