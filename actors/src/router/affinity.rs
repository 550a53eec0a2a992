//! Which replica takes the messages of one key: the same one, as long as it is there. Pure.
//!
//! Rendezvous hashing (Thaler and Ravishankar 1998), weighted by logarithms (Schindelhauer and Schomaker 2005): every
//! key ranks all replicas in an order of its own, so that a replica that comes or goes moves its own keys alone. With
//! bounded load (Mirrokni, Thorup, Zadimoghaddam 2016): a replica that has clearly more than its share passes the message
//! on to the next in the key's order, so that one hot key does not drown it.

use super::decide::Field;

/// How much more than its share of all messages a replica may have.
const SHARE_MAX: f64 = 1.25;
/// So few messages are no load.
const LIGHT: usize = 8;

/// A number for some bytes that is the same in every process and version: FNV-1a, mixed.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// The finaliser of splitmix64.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The index of the replica for a key; `None` if there is none. `replica` gives the hash of a replica's name.
pub(super) fn decide(
    field: &Field,
    key: u64,
    replica: impl Fn(usize) -> u64,
    messages: impl Fn(usize) -> usize,
) -> Option<usize> {
    let all: usize = (0..field.count()).map(&messages).sum();
    let per_weight = SHARE_MAX * (all + 1) as f64 / field.weights() as f64;
    let has_room = |index: usize| {
        let busy = messages(index);
        busy < LIGHT || (busy as f64) < per_weight * field.weight(index) as f64
    };
    let ranked = (0..field.count()).map(|index| (index, score(key, replica(index), field.weight(index))));
    let mut first: Option<(usize, f64)> = None;
    let mut first_with_room: Option<(usize, f64)> = None;
    for (index, score) in ranked {
        let beats = |best: Option<(usize, f64)>| best.is_none_or(|(_, best)| score > best);
        if beats(first) {
            first = Some((index, score));
        }
        if beats(first_with_room) && has_room(index) {
            first_with_room = Some((index, score));
        }
    }
    first_with_room.or(first).map(|(index, _)| index)
}

/// How much a key likes a replica.
fn score(key: u64, replica: u64, weight: u64) -> f64 {
    // 53 bits are what a float holds; the half keeps it off 0 and 1.
    let uniform = ((mix(key ^ replica) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -(weight as f64) / uniform.ln()
}

#[cfg(test)]
mod tests {
    use super::super::decide::Distance;
    use super::*;

    const KEYS: u64 = 3000;

    fn names(count: usize) -> Vec<u64> {
        (0..count).map(|index| hash(format!("replica-{index}").as_bytes())).collect()
    }

    fn field(weights: &[u32]) -> Field {
        Field::new(weights.iter().map(|&weight| (Distance::Zone, weight)))
    }

    fn chosen(weights: &[u32], names: &[u64], key: u64) -> usize {
        decide(&field(weights), key, |index| names[index], |_| 0).expect("there are some")
    }

    #[test]
    fn a_replica_that_goes_moves_its_own_keys_alone() {
        let names = names(5);
        for key in (0..KEYS).map(|key| hash(&key.to_le_bytes())) {
            let before = chosen(&[1; 5], &names, key);
            let after = chosen(&[1; 4], &names[..4], key);
            assert!(before == 4 || before == after, "{key} moved from {before} to {after}");
        }
    }

    #[test]
    fn keys_are_spread_as_the_weights_say() {
        let (weights, names) = ([1, 2, 3], names(3));
        let mut taken = [0_u64; 3];
        (0..KEYS).for_each(|key| taken[chosen(&weights, &names, hash(&key.to_le_bytes()))] += 1);
        for (taken, weight) in taken.into_iter().zip(1..) {
            let share = KEYS * weight / 6;
            assert!(taken.abs_diff(share) < KEYS / 20, "{taken} keys where {share} were due");
        }
    }

    #[test]
    fn a_hot_key_goes_on_to_the_next_replica_and_comes_back() {
        let names = names(3);
        let of = |busy: [usize; 3]| decide(&field(&[1; 3]), 7, |index| names[index], |index| busy[index]).unwrap();
        let first = of([0; 3]);
        let mut busy = [10; 3];
        busy[first] = 100;
        let second = of(busy);
        assert_ne!(first, second);
        busy[first] = 11;
        assert_eq!(of(busy), first);
        busy = [0; 3];
        busy[first] = LIGHT - 1;
        assert_eq!(of(busy), first, "a few messages are no reason to go elsewhere");
        assert_eq!(decide(&field(&[]), 7, |_| 0, |_| 0), None);
    }
}
