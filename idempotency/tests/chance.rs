//! Deliveries as chance has them: again and again, in any order, over handlers that fail, panic and die.

#[path = "common/clock.rs"]
mod clock;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyfn_core::{App, Batch, Context, Entry, Error, Event, Item, Order, Outcome, Payload, dispatch};
use anyfn_idempotency::{Memory, Once};
use clock::at;
use futures_util::FutureExt as _;

/// Xorshift: the same run for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What is known of the world outside: how often each message's work has succeeded.
type World = Arc<Mutex<BTreeMap<u64, u32>>>;

const MESSAGES: u64 = 12;
const LEASE: u64 = 60;

fn program(world: &World) -> App {
    let world = Arc::clone(world);
    let handler = move |cx: Context, Item((id, fate)): Item<(u64, u64)>| {
        let world = Arc::clone(&world);
        async move {
            match fate {
                0..20 => return Err(Error::internal("as asked")),
                20 => panic!("as asked"),
                // Whoever is delivered this dies over it.
                21..30 => cx.sleep(Duration::from_secs(3600)).await,
                _ => {}
            }
            *world.lock().unwrap().entry(id).or_default() += 1;
            Ok(())
        }
    };
    // The key is the message's number: what becomes of it is a matter of the moment.
    let once = Once::new("chance", Memory::new()).lease(Duration::from_secs(LEASE));
    App::builder().queue("jobs", once.by(|work| Some(work.json::<(u64, u64)>()?.0.to_string())).wrap(handler)).build()
}

fn run(seed: u64, order: Order) {
    let mut chance = Chance(seed);
    let world = World::default();
    let app = program(&world);
    let (mut now, mut done) = (0, vec![false; MESSAGES as usize]);
    for delivery in 0..400 {
        let ids: Vec<_> = (0..1 + chance.below(6)).map(|_| chance.below(MESSAGES)).collect();
        let bodies = ids.iter().map(|id| (id, chance.below(100)));
        let entries: Vec<_> = bodies
            .map(|(id, fate)| {
                Entry::new(format!("{delivery}"), Payload::from(format!("[{id},{fate}]"))).group((id % 3).to_string())
            })
            .collect();
        let batch = Batch::new("jobs", order, entries);
        let outcomes = batch.outcomes();
        let clock = at(now);
        let ended = dispatch(&app, Event::Queue(batch), clock.context()).now_or_never();
        let outcomes = match ended {
            Some(Ok(anyfn_core::Response::Batch(outcomes))) => outcomes,
            Some(other) => panic!("{other:?}"),
            // It died; what was done by then is known.
            None => outcomes.take(),
        };
        let world = world.lock().unwrap();
        for (id, outcome) in ids.iter().zip(&outcomes) {
            if matches!(outcome, Outcome::Done) {
                assert_eq!(world.get(id), Some(&1), "seed {seed}, {order:?}: {id} is said to be done");
                done[*id as usize] = true;
            }
        }
        // Also what is done and was not said to be, for the deliverer had died.
        assert!(world.values().all(|times| *times <= 1), "seed {seed}, {order:?}, delivery {delivery}: {world:?}");
        now += chance.below(LEASE);
    }
    assert!(done.iter().all(|done| *done), "seed {seed}, {order:?}: {done:?}");
}

#[test]
fn whatever_comes_is_done_once_and_in_the_end_all_is_done() {
    for seed in 1..=15 {
        for order in [Order::Unordered, Order::PerGroup, Order::Total] {
            run(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed), order);
        }
    }
}
