//! The corpus and what once failed, on stable and without libFuzzer, and a few thousand inputs made of it: the same ones on
//! every run.

use std::path::Path;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let inputs: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(inputs.len() > 20, "{} has but {} inputs", folder.display(), inputs.len());
    inputs
}

/// A small linear generator.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Two inputs spliced, a piece cut out, and some bytes changed.
fn made(inputs: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let one = &inputs[chance.below(inputs.len())];
    let other = &inputs[chance.below(inputs.len())];
    let mut made = one[..chance.below(one.len() + 1)].to_vec();
    if chance.below(2) == 0 {
        made.extend_from_slice(&one[chance.below(made.len() + 1)..]);
    } else {
        made.extend_from_slice(&other[chance.below(other.len())..]);
    }
    for _ in 0..chance.below(4) {
        let at = chance.below(made.len());
        if let Some(byte) = made.get_mut(at) {
            *byte = u8::try_from(chance.below(256)).unwrap();
        }
    }
    made.truncate(4096);
    made
}

fn replayed(target: &str, run: fn(&[u8])) {
    let inputs = inputs(target);
    for input in &inputs {
        run(input);
    }
    let mut chance = Chance(1);
    for _ in 0..2_000 {
        let input = made(&inputs, &mut chance);
        let panicked = std::panic::catch_unwind(|| run(&input)).is_err();
        assert!(!panicked, "{target} fails on b\"{}\"", input.escape_ascii());
    }
}

macro_rules! targets {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            replayed(stringify!($target), crate::$target);
        }
    )*};
}

targets! { lambda_http lambda_events cloudevents gateways tools webhooks }
