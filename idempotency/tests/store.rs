//! Every store against the same rules.

use anyfn_core::test;
use anyfn_idempotency::{Memory, conformance};

#[test]
fn memory_holds_to_every_rule() {
    let cx = test::Memory::default().context();
    let store = Memory::new();
    test::block_on(conformance::check(&store, &cx, "first run")).unwrap();
    test::block_on(conformance::check(&store, &cx, "second run")).unwrap();
    test::block_on(conformance::race(&store, &cx, "race", 50)).unwrap();
}
