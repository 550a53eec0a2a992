//! The pure decisions on the way of a message: each has to stay under 200 ns at 64 waiting messages or replicas.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use playhouse_actors::{BatchPolicy, Batcher, Distance, Field, Waiting, decide};
use tokio::time::Instant;

fn batcher(criterion: &mut Criterion) {
    let policy = BatchPolicy { max_size: 64, max_latency: Some(Duration::from_millis(20)), max_cost: Some(16_384) };
    let mut batcher = Batcher::new(policy);
    batcher.took(65);
    let now = Instant::now();
    let message = |index: u64| Waiting { arrived: now, deadline: now + Duration::from_millis(100 + index), cost: 17 };
    let waiting: Vec<_> = (0..64).map(message).collect();
    criterion.bench_function("batcher, 64 waiting", |bencher| {
        bencher.iter(|| black_box(&batcher).decide(black_box(&waiting).iter().copied(), now));
    });
}

fn router(criterion: &mut Criterion) {
    let distance = |index| if index == 0 { Distance::Here } else { Distance::Zone };
    let field = Field::new((0..64).map(|index| (distance(index), 1)));
    let messages: Vec<_> = (0..64).map(|index| index * 7 % 64).collect();
    let mut sample = 0_u64;
    criterion.bench_function("router, 64 replicas", |bencher| {
        bencher.iter(|| {
            sample = sample.wrapping_add(0x9e37_79b9);
            decide(black_box(&field), |index| messages[index], [sample, sample >> 7])
        });
    });
}

criterion_group!(decisions, batcher, router);
criterion_main!(decisions);
