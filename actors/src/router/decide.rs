//! Which of several replicas takes a message: the choice itself. Pure.
//!
//! The power of two choices (Mitzenmacher 2001): of two drawn at random, the one with less to do. Draws are in proportion
//! to weights, and what a replica has to do counts in proportion to its weight, so that one of twice the weight gets twice
//! the messages, busy or not. A replica in this process comes before those elsewhere, and one in this zone before those in
//! others, unless it is clearly busier: a hop costs more than a short wait.

/// How much more a nearer replica may have to do than the best of the others.
const NEARER_FACTOR: u64 = 2;
/// The same, for replicas that have next to nothing to do.
const NEARER_MARGIN: u64 = 8;
/// More than this makes no difference that anybody could measure.
const WEIGHT_MAX: u32 = 10_000;

/// How near a replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// In this process.
    Here,
    /// In the zone of this process, or where zones are not told apart.
    Zone,
    /// In another zone.
    Far,
}

/// The replicas among which to choose, the nearest first: all about them that does not change with every message.
#[derive(Clone, Debug)]
pub struct Field {
    /// The sum of the weights before each replica, and of all.
    sums: Vec<u64>,
    /// Where those in this process end.
    here: usize,
    /// Where those in this zone end.
    zone: usize,
}

impl Default for Field {
    fn default() -> Self {
        Self::new([])
    }
}

impl Field {
    /// Replicas by their distances and weights. The nearest have to come first.
    pub fn new(replicas: impl IntoIterator<Item = (Distance, u32)>) -> Self {
        let (mut sums, mut here, mut zone) = (vec![0], 0, 0);
        let mut sum = 0;
        for (distance, weight) in replicas {
            sum += u64::from(weight.clamp(1, WEIGHT_MAX));
            sums.push(sum);
            here += usize::from(distance == Distance::Here);
            zone += usize::from(distance <= Distance::Zone);
        }
        Self { sums, here, zone }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sums.len() - 1
    }

    pub(super) fn weight(&self, index: usize) -> u64 {
        self.sums[index + 1] - self.sums[index]
    }

    /// The sum of all weights.
    pub(super) fn weights(&self) -> u64 {
        self.sums[self.count()]
    }

    /// The replica in a range to which `sample` leads: each as often as its weight says.
    fn draw(&self, from: usize, to: usize, sample: u64) -> usize {
        let target = self.sums[from] + sample % (self.sums[to] - self.sums[from]);
        self.at(target)
    }

    /// Another one than `first`, in the same way.
    fn draw_other(&self, from: usize, to: usize, first: usize, sample: u64) -> usize {
        let others = self.sums[to] - self.sums[from] - self.weight(first);
        let target = self.sums[from] + sample % others;
        self.at(if target >= self.sums[first] { target + self.weight(first) } else { target })
    }

    fn at(&self, target: u64) -> usize {
        self.sums.partition_point(|&sum| sum <= target) - 1
    }
}

/// The index of the replica to take; `None` if there is none. `messages` says how many are waiting or running at a
/// replica, as far as is known here; `samples` are any two numbers.
pub fn decide(field: &Field, messages: impl Fn(usize) -> usize, samples: [u64; 2]) -> Option<usize> {
    let busy = |index: usize| (messages(index) as u64, field.weight(index));
    let two = |from: usize, to: usize| {
        let first = field.draw(from, to, samples[0]);
        if to - from == 1 {
            return first;
        }
        let second = field.draw_other(from, to, first, samples[1]);
        let ((first_busy, first_weight), (second_busy, second_weight)) = (busy(first), busy(second));
        if second_busy * first_weight < first_busy * second_weight { second } else { first }
    };
    // Whether a nearer one is not clearly busier.
    let is_fit = |nearer: usize, other: usize| {
        let ((nearer, weight), (other, other_weight)) = (busy(nearer), busy(other));
        nearer * other_weight <= NEARER_FACTOR * other * weight + NEARER_MARGIN * weight * other_weight
    };
    let (here, zone, count) = (field.here, field.zone, field.count());
    if count == 0 {
        return None;
    }
    let mut best = two(0, count);
    if best >= zone && here < zone {
        let nearer = two(here, zone);
        best = if is_fit(nearer, best) { nearer } else { best };
    }
    if best >= here
        && let Some(nearest) = (0..here).min_by_key(|&index| messages(index))
        && is_fit(nearest, best)
    {
        best = nearest;
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use Distance::{Far, Here, Zone};

    use super::*;

    /// Replicas by their distance, weight and messages.
    fn decided(replicas: &[(Distance, u32, usize)], samples: [u64; 2]) -> Option<usize> {
        let field = Field::new(replicas.iter().map(|&(distance, weight, _)| (distance, weight)));
        decide(&field, |index| replicas[index].2, samples)
    }

    #[test]
    fn decisions() {
        let table: &[(&str, &[(Distance, u32, usize)], [u64; 2], Option<usize>)] = &[
            ("nobody", &[], [0, 0], None),
            ("the only one, however busy", &[(Zone, 1, 900)], [7, 9], Some(0)),
            ("the less busy of the two drawn", &[(Zone, 1, 5), (Zone, 1, 3), (Zone, 1, 0)], [0, 0], Some(1)),
            ("not the least busy of all", &[(Zone, 1, 0), (Zone, 1, 5), (Zone, 1, 3)], [1, 1], Some(2)),
            ("the local one, though busier", &[(Here, 1, 8), (Zone, 1, 0), (Zone, 1, 1)], [1, 1], Some(0)),
            ("not if it is clearly busier", &[(Here, 1, 9), (Zone, 1, 0), (Zone, 1, 1)], [1, 1], Some(1)),
            ("busy everywhere: up to twice as much", &[(Here, 1, 108), (Zone, 1, 50)], [1, 0], Some(0)),
            (
                "the better one of two local ones",
                &[(Here, 1, 7), (Here, 1, 2), (Zone, 1, 0), (Zone, 1, 0)],
                [2, 2],
                Some(1),
            ),
            ("one of this zone, though busier", &[(Zone, 1, 8), (Far, 1, 0), (Far, 1, 0)], [1, 1], Some(0)),
            ("not if it is clearly busier", &[(Zone, 1, 9), (Far, 1, 0), (Far, 1, 0)], [1, 1], Some(1)),
            (
                "the less busy one of this zone",
                &[(Zone, 1, 4), (Zone, 1, 1), (Far, 1, 0), (Far, 1, 0)],
                [2, 2],
                Some(1),
            ),
            ("a local one before one of this zone", &[(Here, 1, 8), (Zone, 1, 0), (Far, 1, 0)], [2, 0], Some(0)),
            ("busier, but of more weight", &[(Zone, 1, 3), (Zone, 4, 11)], [0, 0], Some(1)),
            ("busier for its weight", &[(Zone, 1, 3), (Zone, 4, 13)], [0, 0], Some(0)),
            ("a heavy local one may have more", &[(Here, 4, 32), (Zone, 1, 0)], [4, 0], Some(0)),
            ("a weight of zero is one", &[(Zone, 0, 1), (Zone, 1, 0)], [0, 0], Some(1)),
        ];
        for (what, replicas, samples, expected) in table {
            assert_eq!(decided(replicas, *samples), *expected, "{what}");
        }
    }

    #[test]
    fn idle_replicas_are_taken_as_often_as_their_weights_say() {
        let replicas = [(Zone, 1, 0), (Zone, 3, 0), (Zone, 2, 0)];
        let mut taken = [0; 3];
        for (first, second) in (0..6).flat_map(|first| (0..60).map(move |second| (first, second))) {
            taken[decided(&replicas, [first, second]).expect("there are some")] += 1;
        }
        assert_eq!(taken, [60, 180, 120]);
    }

    #[test]
    fn the_two_that_are_drawn_differ() {
        for weights in [&[1, 1][..], &[1, 5, 2], &[7, 1, 1, 1]] {
            let field = Field::new(weights.iter().map(|&weight| (Zone, weight)));
            for (first, second) in (0..12).flat_map(|first| (0..12).map(move |second| (first, second))) {
                let one = field.draw(0, field.count(), first);
                assert_ne!(one, field.draw_other(0, field.count(), one, second), "{weights:?} {first} {second}");
            }
        }
    }
}
