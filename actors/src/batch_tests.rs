use super::*;
use proptest::prelude::*;

fn policy(max_size: usize, max_latency_ms: Option<u64>, max_cost: Option<u64>) -> BatchPolicy {
    BatchPolicy { max_size, max_latency: max_latency_ms.map(Duration::from_millis), max_cost }
}

/// Messages by their arrival and deadline, in milliseconds from `start`, and their cost.
fn waiting(start: Instant, messages: &[(u64, u64, u64)]) -> Vec<Waiting> {
    let at = |ms| start + Duration::from_millis(ms);
    messages
        .iter()
        .map(|&(arrived, deadline, cost)| Waiting { arrived: at(arrived), deadline: at(deadline), cost })
        .collect()
}

#[tokio::test]
async fn without_a_latency_whatever_has_gathered_runs_at_once() {
    let start = Instant::now();
    let batcher = Batcher::new(policy(4, None, None));
    let decide = |count: usize| batcher.decide(waiting(start, &vec![(0, 100, 1); count]).into_iter(), start);
    assert_eq!([0, 1, 4, 9].map(decide), [Decision::Empty, Decision::Take(1), Decision::Take(4), Decision::Take(4)]);
}

#[tokio::test]
async fn costs_add_up_to_the_bound_and_a_dear_message_runs_alone() {
    let start = Instant::now();
    let batcher = Batcher::new(policy(8, Some(1_000), Some(10)));
    let table: [(&[u64], usize); 4] = [(&[5, 5, 1], 2), (&[11, 1], 1), (&[4, 11], 1), (&[u64::MAX, u64::MAX], 1)];
    for (costs, taken) in table {
        let messages: Vec<_> = costs.iter().map(|&cost| (0, 10_000, cost)).collect();
        let decision = batcher.decide(waiting(start, &messages).into_iter(), start);
        assert_eq!(decision, Decision::Take(taken), "{costs:?}: a batch that is full does not wait");
    }
}

#[tokio::test]
async fn a_lone_call_never_waits_and_a_crowd_waits_for_as_many_as_before() {
    let start = Instant::now();
    let mut batcher = Batcher::new(policy(32, Some(20), None));
    let decide = |batcher: &Batcher, count: usize| {
        batcher.decide(waiting(start, &vec![(0, 1_000, 1); count]).into_iter(), start)
    };
    assert_eq!(decide(&batcher, 1), Decision::Take(1), "nothing is expected yet");
    batcher.took(8);
    assert_eq!(decide(&batcher, 1), Decision::WaitUntil(start + Duration::from_millis(20)));
    assert_eq!(decide(&batcher, 8), Decision::Take(8), "all that can be expected are here");
    batcher.took(1);
    assert_eq!(decide(&batcher, 1), Decision::Take(1));
}

#[tokio::test]
async fn a_batch_starts_early_enough_for_its_earliest_deadline() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut batcher = Batcher::new(policy(32, Some(50), None));
    batcher.took(8);
    batcher.ran(Duration::from_millis(15));
    let decide = |messages: &[(u64, u64, u64)], now| batcher.decide(waiting(start, messages).into_iter(), at(now));
    assert_eq!(decide(&[(0, 1_000, 1), (5, 40, 1)], 5), Decision::WaitUntil(at(25)));
    assert_eq!(decide(&[(0, 1_000, 1), (5, 40, 1)], 25), Decision::Take(2));
    assert_eq!(decide(&[(0, 1_000, 1)], 50), Decision::Take(1), "the latency has passed");
    assert_eq!(decide(&[(0, 3, 1)], 0), Decision::Take(1), "a deadline that will be missed is not waited for");
}

proptest! {
    #[test]
    fn a_batch_respects_its_bounds_and_something_always_moves(
        costs in prop::collection::vec(0_u64..50, 0..80),
        max_size in 1_usize..40,
        max_cost in prop::option::of(1_u64..100),
        latency in prop::option::of(0_u64..100),
        expected in 0_usize..40,
        waited in 0_u64..200,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _in_runtime = runtime.enter();
        let start = Instant::now();
        let mut batcher = Batcher::new(policy(max_size, latency, max_cost));
        batcher.took(expected);
        let messages: Vec<_> = costs.iter().map(|&cost| (0, 100_000, cost)).collect();
        let now = start + Duration::from_millis(waited);
        match batcher.decide(waiting(start, &messages).into_iter(), now) {
            Decision::Empty => prop_assert!(costs.is_empty()),
            Decision::WaitUntil(due) => {
                prop_assert!(due > now && due <= start + Duration::from_millis(latency.unwrap_or(0)));
                prop_assert!(costs.len() < expected && costs.len() < max_size);
            }
            Decision::Take(count) => {
                prop_assert!((1..=max_size.min(costs.len())).contains(&count));
                let cost: u64 = costs[..count].iter().sum();
                prop_assert!(count == 1 || max_cost.is_none_or(|max| cost <= max));
            }
        }
    }
}
