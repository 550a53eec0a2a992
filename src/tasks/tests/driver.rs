//! The loop around the ledger: on a paused clock, with runs that end when they are told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use playhouse_actors::{Codec, Encoded};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::super::command::{Command, Offered};
use super::super::config::TaskConfig;
use super::super::error::TaskError;
use super::super::id::TaskId;
use super::super::queue::Rules;
use super::super::record::{Change, MethodName, Outcome, Record};
use super::super::run::{Ended, Runner};
use super::super::state::State;
use super::super::store::{MemoryStore, Store, StoreError};
use super::super::{TaskCounts, Tasks};
use super::{RULES, body};

/// A store that is full, or slow, when a test wants it.
#[derive(Default)]
struct Moody {
    store: Option<MemoryStore>,
    is_full: AtomicBool,
    commits: AtomicUsize,
}

impl Moody {
    fn new() -> Arc<Self> {
        Arc::new(Self { store: Some(MemoryStore::new()), ..Self::default() })
    }

    fn inner(&self) -> &MemoryStore {
        self.store.as_ref().unwrap()
    }
}

impl Store for Moody {
    fn records(&self) -> Result<Vec<Record>, StoreError> {
        self.inner().records()
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::Full("no space left".into()));
        }
        self.inner().commit(changes)
    }

    fn input(&self, id: TaskId) -> Result<Encoded, StoreError> {
        self.inner().input(id)
    }

    fn outcome(&self, id: TaskId) -> Result<Option<Outcome>, StoreError> {
        self.inner().outcome(id)
    }

    fn close(&self) {
        // The next one finds what this one left.
    }
}

/// A run that a test ends.
struct Run {
    input: Encoded,
    end: oneshot::Sender<Ended>,
}

struct Scene {
    tasks: Tasks,
    store: Arc<Moody>,
    method: Arc<MethodName>,
    runs: mpsc::UnboundedReceiver<Run>,
    driver: JoinHandle<()>,
}

impl Scene {
    async fn with(store: Arc<Moody>, rules: Rules) -> Self {
        let (tasks, driver) = Tasks::new(Arc::clone(&store) as Arc<dyn Store>, &TaskConfig::default()).unwrap();
        let driver = tokio::spawn(driver.run());
        let (sender, runs) = mpsc::unbounded_channel();
        let runner: Runner = Arc::new(move |input, _| {
            let (end, ended) = oneshot::channel();
            let _ = sender.send(Run { input, end });
            async { ended.await.unwrap_or_else(|_| Ended::NotBegun(Duration::ZERO)) }.boxed()
        });
        let method = MethodName::new("Jobs", "once");
        let offered = Offered { method: Arc::clone(&method), rules, runner };
        assert!(tasks.commands.send(Command::Offer(vec![offered])).await.is_ok());
        Self { tasks, store, method, runs, driver }
    }

    async fn new() -> Self {
        Self::with(Moody::new(), RULES).await
    }

    async fn submit(&self, text: &str) -> Result<TaskId, TaskError> {
        self.tasks.submit(&self.method, body(text), Codec::Json).await
    }

    fn state(&self, id: TaskId) -> Option<State> {
        self.tasks.status(&self.method, id).ok().map(|record| record.state)
    }

    /// Waits until a task is in a state; the clock goes on.
    async fn until(&self, id: TaskId, state: State) {
        let reached = async {
            while self.state(id) != Some(state) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = timeout(Duration::from_secs(3600), reached).await;
        assert!(in_time.is_ok(), "{id} is {:?}, not {state}", self.state(id));
    }

    fn counts(&self) -> TaskCounts {
        self.tasks.counts().into_iter().find(|counts| counts.method == *self.method.method).unwrap()
    }
}

fn completed(text: &str) -> Ended {
    Ended::Completed(body(text))
}

#[tokio::test(start_paused = true)]
async fn results_are_kept_for_their_retention() {
    let mut scene = Scene::new().await;
    let id = scene.submit("in").await.unwrap();
    let run = scene.runs.recv().await.unwrap();
    assert_eq!(run.input, body("in"));
    run.end.send(completed("out")).unwrap();
    scene.until(id, State::Completed).await;
    assert_eq!(scene.tasks.outcome(&scene.method, id).await, Ok(Outcome::Reply(body("out"))));
    sleep(RULES.retention - Duration::from_secs(1)).await;
    assert_eq!(scene.state(id), Some(State::Completed));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.tasks.outcome(&scene.method, id).await, Err(TaskError::NotFound));
    assert_eq!(scene.store.inner().records().unwrap(), []);
    assert_eq!(scene.counts().completed, 1, "a total does not fall");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_nothing_is_asked_less_and_less() {
    let mut scene = Scene::with(Moody::new(), Rules { concurrency: 1, ..RULES }).await;
    let id = scene.submit("in").await.unwrap();
    let began = Instant::now();
    let mut asked = Vec::new();
    for _ in 0..6 {
        scene.runs.recv().await.unwrap().end.send(Ended::NotBegun(Duration::ZERO)).unwrap();
        asked.push(began.elapsed().as_millis() / 100);
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31], "in tenths of a second");
    scene.runs.recv().await.unwrap().end.send(completed("out")).unwrap();
    scene.until(id, State::Completed).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_takes_nothing_and_loses_nothing() {
    let mut scene = Scene::new().await;
    let id = scene.submit("first").await.unwrap();
    let run = scene.runs.recv().await.unwrap();
    scene.store.is_full.store(true, Ordering::SeqCst);
    assert_eq!(scene.submit("second").await, Err(TaskError::Full("no space left".into())));
    assert_eq!(scene.tasks.cancel(&scene.method, id).await, Err(TaskError::Full("no space left".into())));
    run.end.send(completed("out")).unwrap();
    let commits = scene.store.commits.load(Ordering::SeqCst);
    sleep(Duration::from_secs(30)).await;
    let tries = scene.store.commits.load(Ordering::SeqCst) - commits;
    assert!((25..=35).contains(&tries), "about one a second, not {tries}");
    assert_eq!(scene.state(id), Some(State::InProgress), "nothing is said that is not on disk");
    scene.store.is_full.store(false, Ordering::SeqCst);
    scene.until(id, State::Completed).await;
    assert_eq!(scene.tasks.outcome(&scene.method, id).await, Ok(Outcome::Reply(body("out"))));
    let second = scene.submit("second").await.unwrap();
    scene.runs.recv().await.unwrap().end.send(completed("out")).unwrap();
    scene.until(second, State::Completed).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_is_dropped_when_its_task_is_canceled() {
    let mut scene = Scene::new().await;
    let id = scene.submit("in").await.unwrap();
    let mut run = scene.runs.recv().await.unwrap();
    scene.tasks.cancel(&scene.method, id).await.unwrap();
    run.end.closed().await;
    assert_eq!(scene.state(id), Some(State::Canceled));
    assert_eq!(scene.tasks.outcome(&scene.method, id).await, Err(TaskError::Canceled(id)));
    let again = TaskError::HasEnded { id, state: State::Canceled };
    assert_eq!(scene.tasks.cancel(&scene.method, id).await, Err(again));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_wait_and_the_next_is_refused() {
    const MANY: usize = 10_000;
    let mut scene = Scene::with(Moody::new(), Rules { max_unfinished: MANY, ..RULES }).await;
    let commits = scene.store.commits.load(Ordering::SeqCst);
    // As many at a time as commands may wait.
    for _ in 0..MANY / 1000 {
        join_all((0..1000).map(|_| scene.submit("in"))).await.into_iter().for_each(|task| assert!(task.is_ok()));
    }
    let commits = scene.store.commits.load(Ordering::SeqCst) - commits;
    assert!(commits <= 100, "{commits} commits for {MANY} tasks");
    let refused = scene.submit("in").await;
    assert_eq!(refused, Err(TaskError::TooMany { method: Arc::clone(&scene.method), max: MANY }));
    let counts = scene.counts();
    assert_eq!((counts.pending, counts.in_progress, counts.completed), (MANY as u64 - 2, 2, 0));
    for _ in 0..MANY {
        scene.runs.recv().await.unwrap().end.send(completed("out")).unwrap();
    }
    while scene.counts().completed < MANY as u64 {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn more_commands_than_fit_are_refused_at_once() {
    let scene = Scene::new().await;
    let answers = join_all((0..5000).map(|_| scene.submit("in"))).await;
    let busy = answers.iter().filter(|answer| **answer == Err(TaskError::Busy)).count();
    assert!(busy > 0 && busy < 5000, "{busy}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_end_is_found_at_the_start() {
    let mut scene = Scene::new().await;
    let mut ids = Vec::new();
    for text in ["0", "1", "2", "3"] {
        ids.push(scene.submit(text).await.unwrap());
    }
    let (first, second) = (scene.runs.recv().await.unwrap(), scene.runs.recv().await.unwrap());
    scene.tasks.pause().await;
    first.end.send(completed("out")).unwrap();
    scene.until(ids[0], State::Completed).await;
    assert!(scene.runs.try_recv().is_err(), "nothing new is started");
    scene.tasks.end().await;
    scene.driver.await.unwrap();
    drop(second);
    assert_eq!(scene.tasks.submit(&scene.method, body("late"), Codec::Json).await, Err(TaskError::Ending));

    let mut scene = Scene::with(scene.store, RULES).await;
    let inputs = [scene.runs.recv().await.unwrap(), scene.runs.recv().await.unwrap()].map(|run| {
        run.end.send(completed("out")).unwrap();
        run.input
    });
    assert_eq!(inputs, [body("2"), body("3")]);
    scene.until(ids[3], State::Completed).await;
    let states: Vec<_> = ids.iter().filter_map(|id| scene.state(*id)).collect();
    assert_eq!(states, [State::Completed, State::Failed, State::Completed, State::Completed]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_has_failed() {
    let store = Moody::new();
    let (tasks, driver) = Tasks::new(Arc::clone(&store) as Arc<dyn Store>, &TaskConfig::default()).unwrap();
    let driver = tokio::spawn(driver.run());
    let method = MethodName::new("Jobs", "once");
    let runner: Runner = Arc::new(|_, _| async { panic!("as the test wants") }.boxed());
    let offered = vec![Offered { method: Arc::clone(&method), rules: RULES, runner }];
    assert!(tasks.commands.send(Command::Offer(offered)).await.is_ok());
    let id = tasks.submit(&method, body("in"), Codec::Json).await.unwrap();
    while tasks.status(&method, id).unwrap().state != State::Failed {
        sleep(Duration::from_millis(10)).await;
    }
    let other = MethodName::new("Jobs", "again");
    assert_eq!(tasks.status(&other, id).unwrap_err(), TaskError::NotFound, "it is another method's");
    drop(tasks);
    driver.await.unwrap();
}
