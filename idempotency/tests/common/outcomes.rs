//! What became of a batch.

use anyfn_core::test::{Memory, block_on};
use anyfn_core::{Event, Handler, Outcome, Response, dispatch};

pub(crate) fn send<H: Handler>(handler: &H, event: Event, clock: &Memory) -> Vec<Outcome> {
    match block_on(dispatch(handler, event, clock.context())) {
        Ok(Response::Batch(outcomes)) => outcomes,
        other => panic!("{other:?}"),
    }
}

/// One letter an item.
pub(crate) fn said(outcomes: &[Outcome]) -> String {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Done => 'd',
            Outcome::Retry { .. } => 'r',
            Outcome::Drop { .. } => 'x',
            _ => '-',
        })
        .collect()
}
