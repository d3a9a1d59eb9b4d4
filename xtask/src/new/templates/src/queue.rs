//! Works through a queue.

use anyfn::{Context, Error, Item, handler};
use serde::Deserialize;

#[derive(Deserialize)]
struct Job {
    id: u64,
}

/// Called for each message; one that fails comes again, alone.
#[handler(queue = "jobs")]
async fn work(cx: Context, Item(job): Item<Job>) -> Result<(), Error> {
    if job.id == 0 {
        return Err(Error::internal("a job without an id"));
    }
    cx.log(format!("job {} is done", job.id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyfn::test::{block_on, queue};

    use super::work;

    #[test]
    fn only_the_message_that_fails_comes_again() {
        let jobs = [r#"{"id":1}"#, r#"{"id":0}"#, r#"{"id":2}"#];
        let outcome = block_on(queue("jobs", jobs).send(work));
        assert_eq!(outcome.failed(), [1]);
        assert_eq!(outcome.log_lines()[..2], ["job 1 is done", "job 2 is done"]);
    }
}
