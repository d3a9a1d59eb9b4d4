//! The table of deliveries: the adapter in memory, and the function's own executable on two of Lambda's runtimes.

use anyfn_conformance::{DELIVERIES, Verdict, judge_delivery};

use crate::in_memory::in_memory;
use crate::local::Locals;

/// A function and where it runs, with a verdict on each delivery.
pub(crate) type Column = (String, Vec<Verdict>);

/// Every delivery that `wanted` names, on every runtime.
pub(crate) fn run(locals: &Locals, wanted: impl Fn(&str) -> bool + Sync) -> anyhow::Result<Vec<Column>> {
    let app = echo::app();
    let judge = |invoke: &(dyn Fn(Vec<u8>) -> Result<Vec<u8>, String> + Sync)| -> Vec<Verdict> {
        let rows = DELIVERIES.iter().map(|row| match wanted(row.name) {
            true => judge_delivery(row, &invoke((row.event)())),
            false => Verdict::NotRun("not asked for".to_owned()),
        });
        rows.collect()
    };
    let mut columns = vec![("in memory".to_owned(), judge(&|event| in_memory(&app, event)))];
    for (name, runtime) in [("emulator", "lambda-v2"), ("Runtime API", "lambda-own")] {
        let function = locals.function(runtime)?;
        columns.push((name.to_owned(), judge(&|event| function.invoke(&event))));
        function.end();
    }
    Ok(columns)
}

/// Prints what failed; tells how many rows passed, and how many did not.
pub(crate) fn report(columns: &[Column]) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    for (name, verdicts) in columns {
        let right = verdicts.iter().filter(|verdict| **verdict == Verdict::Passed).count();
        let mut wrong = 0;
        for (row, verdict) in DELIVERIES.iter().zip(verdicts) {
            if let Verdict::Failed(differences) = verdict {
                wrong += 1;
                println!("  FAILED delivery {} ({name})\n    {}", row.name, differences.join("\n    "));
            }
        }
        println!("deliveries, {name}: {right} passed, {wrong} failed");
        (passed, failed) = (passed + right, failed + wrong);
    }
    (passed, failed)
}
