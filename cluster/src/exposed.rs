//! What other nodes can call here, by numbers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arc_swap::ArcSwap;
use playhouse_actors::{CallResult, Error, MethodDescription, ReplicaId, Runtime, Served};

use crate::watch;
use crate::wire::{Announce, Announced, AnnouncedMethod, Load, LoadOf};

/// What other nodes can call here. A number is that of one method of one replica for as long as the process lives.
pub(crate) struct Exposed {
    table: ArcSwap<Table>,
    changes: watch::Sender<u64>,
    /// The longest body that is taken in.
    pub(crate) body_max: u64,
    /// How many messages the replicas are to have, in proportion to those of other nodes.
    weight: u32,
}

#[derive(Clone, Default)]
struct Table {
    /// `None` where a replica is gone.
    methods: Vec<Option<Arc<Method>>>,
    replicas: Vec<Replica>,
}

#[derive(Clone)]
struct Replica {
    first: u32,
    served: Served,
}

/// One method of one replica.
pub(crate) struct Method {
    pub(crate) served: Served,
    /// Its index in the description of the service.
    pub(crate) index: usize,
}

impl Method {
    /// How much the replica has to do, as it is reported.
    pub(crate) fn depth(&self) -> u32 {
        depth(&self.served)
    }
}

impl Exposed {
    pub(crate) fn new(body_max: u64, weight: u32) -> Arc<Self> {
        Arc::new(Self { table: ArcSwap::default(), changes: watch::Sender::default(), body_max, weight })
    }

    /// The method with a number.
    ///
    /// # Errors
    /// [`Unavailable`](playhouse_actors::ErrorKind::Unavailable) when it is gone, or never was.
    pub(crate) fn find(&self, number: u32) -> CallResult<Arc<Method>> {
        let table = self.table.load();
        let method = table.methods.get(number as usize).cloned().flatten();
        method.ok_or_else(|| Error::unavailable("the replica is gone"))
    }

    /// A number that is another one whenever the table has changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Brings the table up to what runs here, until the runtime is gone.
    pub(crate) async fn follow(self: Arc<Self>, runtime: Runtime) {
        let mut changes = runtime.changes();
        loop {
            changes.mark_unchanged();
            self.set(&runtime.served());
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Brings the table up to these groups.
    pub(crate) fn set(&self, served: &[Served]) {
        let mut table = Table::clone(&self.table.load());
        let stays = |replica: &ReplicaId| served.iter().any(|served| served.replica() == replica);
        let (stay, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut table.replicas).into_iter().partition(|replica| stays(replica.served.replica()));
        table.replicas = stay;
        for replica in &gone {
            replica.numbers().for_each(|number| table.methods[number] = None);
        }
        let known = |table: &Table, id: &ReplicaId| table.replicas.iter().any(|replica| replica.served.replica() == id);
        let mut changed = !gone.is_empty();
        for served in served {
            if !known(&table, served.replica()) {
                table.add(served);
                changed = true;
            }
        }
        if changed {
            self.table.store(Arc::new(table));
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    /// All replicas, as they are announced.
    pub(crate) fn announced(&self) -> Announce {
        Announce(self.table.load().replicas.iter().map(|replica| replica.announced(self.weight)).collect())
    }

    /// How much all replicas have to do.
    pub(crate) fn load(&self) -> Load {
        let of = |Replica { first, served }: &Replica| LoadOf {
            first: *first,
            depth: depth(served),
            open: served.is_open(),
        };
        Load(self.table.load().replicas.iter().map(of).collect())
    }
}

impl Table {
    fn add(&mut self, served: &Served) {
        // Four thousand million methods that come and go in one process are not to be expected.
        let first = u32::try_from(self.methods.len()).unwrap_or(u32::MAX);
        let methods = 0..served.description().methods.len();
        self.methods.extend(methods.map(|index| Some(Arc::new(Method { served: served.clone(), index }))));
        self.replicas.push(Replica { first, served: served.clone() });
    }
}

impl Replica {
    fn numbers(&self) -> impl Iterator<Item = usize> {
        let first = self.first as usize;
        first..first + self.served.description().methods.len()
    }

    fn announced(&self, weight: u32) -> Announced {
        let description = self.served.description();
        Announced {
            replica: self.served.replica().to_string(),
            service: description.name.into(),
            first: self.first,
            timeout_us: u64::try_from(self.served.group().config().timeout.as_micros()).unwrap_or(u64::MAX),
            weight,
            methods: description.methods.iter().map(announced_method).collect(),
        }
    }
}

fn announced_method(method: &MethodDescription) -> AnnouncedMethod {
    AnnouncedMethod {
        name: method.name.into(),
        version: method.version,
        stream: AnnouncedMethod::is_stream(method.kind),
        idempotent: method.idempotent,
        hash: hash(method),
    }
}

/// Over the types of a method. The hash of the standard library may change with its versions: it is for diagnosis.
fn hash(method: &MethodDescription) -> u64 {
    let mut hasher = DefaultHasher::new();
    for schema in [&method.arguments, &method.result] {
        schema.as_value().to_string().hash(&mut hasher);
    }
    hasher.finish()
}

fn depth(served: &Served) -> u32 {
    u32::try_from(served.depth()).unwrap_or(u32::MAX)
}
