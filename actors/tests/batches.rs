//! Batch methods, driven: what gathers, what leaves, and how each member is answered.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::RefCell;
use std::time::Duration;

use playhouse_actors::{Error, ErrorKind, Result, Runtime, service};
use support::{begin, here, settle, simulate, stats};
use tokio::time::Instant;

thread_local! {
    static BATCHES: RefCell<Vec<Vec<i64>>> = const { RefCell::new(Vec::new()) };
}

/// Runs numbers in batches; each batch takes 10 ms.
pub struct Numbers;

#[service(workers = 1, slots = 1, traffic(timeout = "5s"))]
impl Numbers {
    #[init]
    fn new() -> Self {
        Numbers
    }

    fn cost(number: &i64) -> u64 {
        number.unsigned_abs()
    }

    fn check(number: &i64) -> Result<()> {
        match number {
            0 => Err(Error::rejected("numbers", "0 cannot be inverted").into()),
            99 => panic!("the check panicked"),
            _ => Ok(()),
        }
    }

    /// Negates.
    #[api(batch(max_size = 4, max_cost = 100, cost = Self::cost, check = Self::check))]
    async fn negate(&self, numbers: Vec<i64>) -> Result<Vec<i64>> {
        BATCHES.with_borrow_mut(|batches| batches.push(numbers.clone()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(!numbers.contains(&13), "unlucky");
        let short = numbers.iter().filter(|number| **number != 5);
        Ok(short.map(|number| -number).collect())
    }

    /// Gives each member its own result.
    #[api(batch(max_size = 8))]
    async fn even(&self, numbers: Vec<i64>) -> Result<Vec<Result<bool>>> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(numbers.into_iter().map(|n| if n < 0 { Err("negative".into()) } else { Ok(n % 2 == 0) }).collect())
    }

    /// Waits for company.
    #[api(batch(max_size = 4, max_latency = "50ms"))]
    async fn patient(&self, numbers: Vec<i64>) -> Result<Vec<usize>> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(vec![numbers.len(); numbers.len()])
    }
}

async fn numbers() -> (Runtime, NumbersClient) {
    let runtime = here().service::<Numbers>().start().await.unwrap();
    let client = runtime.client().unwrap();
    (runtime, client)
}

#[test]
fn a_batch_is_what_gathered_while_the_worker_was_busy() {
    simulate(|| async {
        let (_runtime, numbers) = numbers().await;
        let calls = (1..=7).filter(|n| *n != 5).map(|n| numbers.negate(n));
        let answers = futures_util::future::join_all(calls).await;
        assert_eq!(answers.into_iter().collect::<std::result::Result<Vec<_>, _>>(), Ok(vec![-1, -2, -3, -4, -6, -7]));
        assert_eq!(BATCHES.take(), [vec![1, 2, 3, 4], vec![6, 7]], "in the order of arrival, four at most");
    });
}

#[test]
fn costs_bound_a_batch() {
    simulate(|| async {
        let (_runtime, numbers) = numbers().await;
        futures_util::future::join_all([60, 30, 20, 400, 1].map(|n| numbers.negate(n))).await;
        assert_eq!(BATCHES.take(), [vec![60, 30], vec![20], vec![400], vec![1]]);
    });
}

#[test]
fn a_message_that_fails_its_check_joins_no_batch() {
    simulate(|| async {
        let (runtime, numbers) = numbers().await;
        let (bad, panicking, good) = tokio::join!(numbers.negate(0), numbers.negate(99), numbers.negate(3));
        assert_eq!(bad.unwrap_err().to_string(), "Numbers.negate: numbers: 0 cannot be inverted");
        assert!(matches!(panicking.unwrap_err().kind(), ErrorKind::Panicked { .. }));
        assert_eq!(good, Ok(-3));
        assert_eq!(stats(&runtime, "Numbers").ran, 1);
    });
}

#[test]
fn a_panic_and_a_wrong_length_reach_every_member() {
    simulate(|| async {
        let (_runtime, numbers) = numbers().await;
        numbers.negate(1).await.unwrap();
        let answers = futures_util::future::join_all([1, 13, 2].map(|n| numbers.negate(n))).await;
        for error in answers.into_iter().map(std::result::Result::unwrap_err) {
            assert_eq!(error.kind(), &ErrorKind::Panicked { message: "unlucky".into() });
        }
        let answers = futures_util::future::join_all([4, 5, 6].map(|n| numbers.negate(n))).await;
        for error in answers.into_iter().map(std::result::Result::unwrap_err) {
            assert!(error.to_string().contains("a batch of 3 and returned 2 results"), "{error}");
        }
    });
}

#[test]
fn each_member_has_its_own_result() {
    simulate(|| async {
        let (_runtime, numbers) = numbers().await;
        let (even, negative, odd) = tokio::join!(numbers.even(4), numbers.even(-1), numbers.even(3));
        assert_eq!((even, odd), (Ok(true), Ok(false)));
        assert_eq!(negative.unwrap_err().to_string(), "Numbers.even: negative");
    });
}

#[test]
fn cancelled_members_leave_first() {
    simulate(|| async {
        let (runtime, numbers) = numbers().await;
        let mut running = Box::pin(numbers.negate(1));
        begin(&mut running);
        settle().await;
        let mut waiting: Vec<_> = [2, 3, 4].map(|n| Box::pin(numbers.negate(n))).into();
        for call in &mut waiting {
            begin(call);
        }
        drop(waiting.remove(1));
        assert_eq!(running.await, Ok(-1));
        assert_eq!(futures_util::future::join_all(waiting).await, [Ok(-2), Ok(-4)]);
        assert_eq!(BATCHES.take(), [vec![1], vec![2, 4]]);
        assert_eq!(stats(&runtime, "Numbers").cancelled, 1);
    });
}

#[test]
fn a_batch_that_nobody_waits_for_is_given_up() {
    simulate(|| async {
        let (runtime, numbers) = numbers().await;
        let mut calls: Vec<_> = [1, 2].map(|n| Box::pin(numbers.even(n))).into();
        for call in &mut calls {
            begin(call);
        }
        settle().await;
        assert!(stats(&runtime, "Numbers").in_flight > 0);
        drop(calls);
        settle().await;
        assert_eq!(stats(&runtime, "Numbers").in_flight, 0);
    });
}

#[test]
fn a_lone_caller_does_not_wait_for_company_and_a_crowd_gathers() {
    simulate(|| async {
        let (_runtime, numbers) = numbers().await;
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(numbers.patient(1).await, Ok(1));
        }
        assert_eq!(start.elapsed(), Duration::from_millis(5), "the runs alone");
        // The first of these leaves alone; the others gather behind it, and the next round waits for as many.
        let crowd = |count: i64| futures_util::future::join_all((0..count).map(|n| numbers.patient(n)));
        crowd(3).await;
        let mut late = Box::pin(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            numbers.patient(9).await
        });
        begin(&mut late);
        let (early, late) = tokio::join!(numbers.patient(8), late);
        assert_eq!((early, late), (Ok(2), Ok(2)), "three had gathered before: the first waited for the second");
    });
}

#[test]
fn a_deadline_ends_the_wait_of_one_member_alone() {
    simulate(|| async {
        let (runtime, numbers) = numbers().await;
        let mut running = Box::pin(numbers.negate(1));
        begin(&mut running);
        settle().await;
        let hasty = numbers.with_timeout(Duration::from_millis(3));
        let (hasty, patient) = tokio::join!(hasty.negate(2), numbers.negate(3));
        assert_eq!(hasty.unwrap_err().kind(), &ErrorKind::DeadlineExceeded);
        assert_eq!(patient, Ok(-3));
        assert_eq!(running.await, Ok(-1));
        assert_eq!(BATCHES.take(), [vec![1], vec![3]]);
        assert_eq!(stats(&runtime, "Numbers").expired, 1);
    });
}
