//! Messages of queues, alone and in order.

#[path = "common/clock.rs"]
mod clock;
#[path = "common/diary.rs"]
mod diary;
#[path = "common/outcomes.rs"]
mod outcomes;

use std::time::{Duration, SystemTime};

use anyfn_core::test::block_on;
use anyfn_core::{
    App, Batch, Context, DynFuture, Entry, Error, Event, Handler, Item, Order, Outcome, Payload, Response, dispatch,
};
use anyfn_idempotency::{Begun, Claim, Held, Memory, Once, Store, Wrapped, once};
use bytes::Bytes;
use clock::at;
use diary::Diary;
use futures_util::FutureExt as _;
use outcomes::{said, send};

type Job = serde_json::Value;

/// Writes down each job, and does as it says.
fn each(diary: &Diary) -> impl Fn(Context, Item<Job>) -> DynFuture<'static, Result<Outcome, Error>> + Clone + use<> {
    let diary = diary.clone();
    move |cx, Item(job)| {
        let diary = diary.clone();
        Box::pin(async move {
            diary.write(job["id"].to_string());
            match job["do"].as_str() {
                Some("fail") => Err(Error::internal("as asked")),
                Some("panic") => panic!("as asked"),
                Some("drop") => Ok(Outcome::Drop { error: Error::internal("as asked") }),
                Some("never") => {
                    cx.sleep(Duration::from_secs(3600)).await;
                    Ok(Outcome::Done)
                }
                _ => Ok(Outcome::Done),
            }
        })
    }
}

fn entry(id: &str, body: &str) -> Entry<Payload> {
    Entry::new(id, Payload::from(body.to_owned()))
}

/// Messages whose payloads' ids are their own.
fn messages(ids: &[&str], order: Order) -> Event {
    Event::Queue(Batch::new("jobs", order, ids.iter().map(|id| entry(id, &format!(r#"{{"id":"{id}"}}"#)))))
}

fn queue<F>(wrapped: Wrapped<F>) -> App
where
    F: Fn(Context, Item<Job>) -> DynFuture<'static, Result<Outcome, Error>> + Send + Sync + 'static,
{
    App::builder().queue("jobs", wrapped).build()
}

fn program(set: impl Fn(Once) -> Once) -> (App, Diary) {
    let diary = Diary::default();
    (queue(set(Once::new("work", Memory::new())).wrap(each(&diary))), diary)
}

#[test]
fn the_same_message_runs_once() {
    let (app, diary) = program(|once| once);
    for order in [Order::Unordered, Order::PerGroup, Order::Total] {
        let ids = [format!("{order:?} 1"), format!("{order:?} 2")];
        let ids = ids.each_ref().map(|id| &**id);
        assert_eq!(said(&send(&app, messages(&ids, order), &at(0))), "dd");
        assert_eq!(diary.take().len(), 2);
        assert_eq!(said(&send(&app, messages(&ids, order), &at(100))), "dd");
        // Beside a new one.
        let more = [ids[1], "new", ids[0]];
        assert_eq!(said(&send(&app, messages(&more, order), &at(100))), "ddd");
        let new = if order == Order::Unordered { vec!["\"new\""] } else { vec![] };
        assert_eq!(diary.take(), new, "{order:?}");
    }
}

#[test]
fn what_failed_or_panicked_runs_again_and_what_was_discarded_does_not() {
    let (app, diary) = program(|once| once);
    // The message is the same, and its failing a matter of the moment.
    let job = |id: &str, what: &str| {
        let body = format!(r#"{{"id":1,"do":"{what}"}}"#);
        Event::Queue(Batch::new("jobs", Order::Unordered, [entry(id, &body)]))
    };
    for (what, first, runs) in [("fail", "r", 1), ("panic", "r", 1), ("drop", "x", 0)] {
        assert_eq!(said(&send(&app, job(what, what), &at(0))), first, "{what}");
        assert_eq!(diary.take().len(), 1);
        assert_eq!(said(&send(&app, job(what, ""), &at(1))), "d", "{what}");
        assert_eq!(diary.take().len(), runs, "{what}");
    }
}

#[test]
fn two_at_once_one_runs_and_the_other_comes_again_when_the_lease_has_ended() {
    let (app, diary) = program(|once| once.lease(Duration::from_secs(60)));
    let job = |body: &str| Event::Queue(Batch::new("jobs", Order::Unordered, [entry("m", body)]));
    let clock = at(0);
    let mut first = Box::pin(dispatch(&app, job(r#"{"id":1,"do":"never"}"#), clock.context()));
    assert!((&mut first).now_or_never().is_none());
    let outcomes = send(&app, job(r#"{"id":1}"#), &at(20));
    let [Outcome::Retry { after: Some(after), .. }] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(*after, Duration::from_secs(40));
    drop(first);
    assert_eq!(said(&send(&app, job(r#"{"id":1}"#), &at(59))), "r");
    assert_eq!(diary.take(), ["1"]);
    assert_eq!(said(&send(&app, job(r#"{"id":1}"#), &at(60))), "d");
    assert_eq!(diary.take(), ["1"]);
}

#[test]
fn what_is_done_when_the_platform_gives_up_is_known_to_be_done() {
    let (app, diary) = program(|once| once);
    let batch = || {
        let bodies = [("a", r#"{"id":"a"}"#), ("b", r#"{"id":"b","do":"never"}"#), ("c", r#"{"id":"c"}"#)];
        Batch::new("jobs", Order::Unordered, bodies.map(|(id, body)| entry(id, body)))
    };
    let first = batch();
    let outcomes = first.outcomes();
    let clock = at(0).deadline_in(Duration::from_secs(10));
    assert!(dispatch(&app, Event::Queue(first), clock.context()).now_or_never().is_none());
    assert_eq!(said(&outcomes.take()), "d-d");
    diary.take();
    assert_eq!(said(&send(&app, Event::Queue(batch()), &at(10))), "drd");
    assert!(diary.take().is_empty());
    let healed = Batch::new("jobs", Order::Unordered, [entry("b", r#"{"id":"b"}"#)]);
    assert_eq!(said(&send(&app, Event::Queue(healed), &at(11))), "d");
    assert_eq!(diary.take(), ["\"b\""]);
}

/// A batch of these jobs, each `id group what`.
fn jobs(order: Order, jobs: &[&str]) -> Event {
    let entries = jobs.iter().map(|job| {
        let [id, group, what] = job.split(' ').collect::<Vec<_>>()[..] else { panic!("{job}") };
        entry(id, &format!(r#"{{"id":"{id}","do":"{what}"}}"#)).group(group)
    });
    Event::Queue(Batch::new("jobs", order, entries))
}

#[test]
fn nothing_overtakes_an_item_that_comes_again() {
    for (order, begun, first, ran, then, rest) in [
        // Somebody is at the second: what is behind it waits, in its group or altogether.
        (Order::Unordered, "b g", "drddd", "acde", "ddddd", ""),
        (Order::PerGroup, "b g", "dr-dd", "ade", "ddddd", "c"),
        (Order::Total, "b g", "dr---", "a", "ddddd", "cde"),
    ] {
        let (app, diary) = program(|once| once);
        // Somebody else begins it, and dies.
        let clock = at(0);
        let mut other = Box::pin(dispatch(&app, jobs(order, &[&format!("{begun} never")]), clock.context()));
        assert!((&mut other).now_or_never().is_none());
        diary.take();
        let all = ["a g x", "b g x", "c g x", "d h x", "e h x"];
        assert_eq!(said(&send(&app, jobs(order, &all), &at(1))), first, "{order:?}");
        let mut ids = diary.take();
        if order == Order::Unordered {
            ids.sort_unstable();
        }
        assert_eq!(ids.concat().replace('"', ""), ran, "{order:?}");
        drop(other);
        // Its lease has ended: it runs, and then the rest.
        assert_eq!(said(&send(&app, jobs(order, &all), &at(1000))), then, "{order:?}");
        assert_eq!(diary.take().concat().replace('"', ""), format!("b{rest}"), "{order:?}");
    }
}

#[test]
fn what_waits_behind_a_failure_is_given_back() {
    for (order, first, ran) in [(Order::PerGroup, "dr-d", "abd"), (Order::Total, "dr--", "ab")] {
        let (app, diary) = program(|once| once);
        let all = ["a g x", "b g fail", "c g x", "d h x"];
        assert_eq!(said(&send(&app, jobs(order, &all), &at(0))), first);
        assert_eq!(diary.take().concat().replace('"', ""), ran);
        // At once, without waiting for any lease.
        let healed = ["a g x", "b g x", "c g x", "d h x"];
        assert_eq!(said(&send(&app, jobs(order, &healed), &at(1))), "dddd");
        assert_eq!(diary.take().concat().replace('"', ""), if order == Order::Total { "bcd" } else { "bc" });
    }
}

#[test]
fn the_same_work_twice_in_one_batch_runs_once() {
    let by_id = |once: Once| once.by(|work| Some(work.json::<Job>()?["id"].to_string()));
    for order in [Order::Unordered, Order::PerGroup, Order::Total] {
        let (app, diary) = program(by_id);
        let twice = |what: &str| {
            let body = format!(r#"{{"id":1,"do":"{what}"}}"#);
            Event::Queue(Batch::new("jobs", order, ["m1", "m2"].map(|id| entry(id, &body))))
        };
        let failed = send(&app, twice("fail"), &at(0));
        assert_eq!(said(&failed), "r-", "{order:?}");
        assert_eq!(said(&send(&app, twice("x"), &at(1))), "dd", "{order:?}");
        assert_eq!(said(&send(&app, twice("x"), &at(2))), "dd", "{order:?}");
        assert_eq!(diary.take().len(), 2, "{order:?}");
    }
    // Of two groups, the second cannot wait for the first.
    let (app, _) = program(by_id);
    let groups = [("m1", "g"), ("m2", "h")].map(|(id, group)| entry(id, r#"{"id":1}"#).group(group));
    assert_eq!(said(&send(&app, Event::Queue(Batch::new("jobs", Order::PerGroup, groups)), &at(0))), "dr");
}

#[test]
fn whole_batches_are_handled_without_what_is_done() {
    let diary = Diary::default();
    let handler = {
        let diary = diary.clone();
        move |batch: Batch<Job>| {
            let diary = diary.clone();
            async move {
                for item in &batch.items {
                    let id = item.payload["id"].as_str().unwrap();
                    diary.write(id);
                    match id {
                        "retry" => batch.retry(item, Some(Duration::from_secs(5)), Error::internal("later")),
                        "drop" => batch.discard(item, Error::internal("never")),
                        "done" => batch.done(item),
                        "open" => {}
                        _ => return Err(Error::internal("the rest is open")),
                    }
                }
                Ok(())
            }
        }
    };
    let app = App::builder().queue("jobs", once("whole", Memory::new(), handler)).build();
    let all = ["retry", "drop", "done", "open"];
    assert_eq!(said(&send(&app, messages(&all, Order::Unordered), &at(0))), "rxdd");
    assert_eq!(diary.take(), all);
    assert_eq!(said(&send(&app, messages(&all, Order::Unordered), &at(1))), "rddd");
    assert_eq!(diary.take(), ["retry"]);
    assert_eq!(said(&send(&app, messages(&["done", "end", "behind"], Order::Unordered), &at(2))), "drr");
    assert_eq!(said(&send(&app, messages(&["behind"], Order::Unordered), &at(3))), "r");
    assert_eq!(diary.take(), ["end", "behind"]);
}

#[test]
fn many_items_run_and_none_twice() {
    let (app, diary) = program(|once| once);
    let ids: Vec<_> = (0..137).map(|n| n.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    assert_eq!(said(&send(&app, messages(&ids[..100], Order::Unordered), &at(0))), "d".repeat(100));
    assert_eq!(said(&send(&app, messages(&ids, Order::Unordered), &at(1))), "d".repeat(137));
    let mut ran = diary.take();
    ran.sort_unstable();
    let mut expected: Vec<_> = ids.iter().map(|id| format!("{id:?}")).collect();
    expected.sort_unstable();
    assert_eq!(ran, expected);
}

#[test]
fn names_and_queues_and_groups_are_kept_apart() {
    let (diary, store) = (Diary::default(), Memory::new());
    let handler = |name: &str| queue(once(name, store.clone(), each(&diary)));
    let (one, other) = (handler("one"), handler("other"));
    let message = |queue: &str, group: Option<&str>| {
        let entry = entry("1", r#"{"id":1}"#);
        let entry = match group {
            Some(group) => entry.group(group),
            None => entry,
        };
        Event::Queue(Batch::new(queue, Order::Unordered, [entry]))
    };
    for (app, queue, group) in [
        (&one, "jobs", None),
        (&other, "jobs", None),
        (&one, "others", None),
        (&one, "jobs", Some("g")),
        (&one, "jobs", Some("h")),
    ] {
        for _ in 0..2 {
            assert_eq!(said(&send(app, message(queue, group), &at(0))), "d");
        }
    }
    assert_eq!(diary.take().len(), 5);
}

#[test]
fn an_item_whose_key_is_missing_or_panics_fails_alone() {
    let keys = |once: Once| {
        once.required().by(|work| match work.json::<Job>()?["id"].as_str()? {
            "none" => None,
            "panic" => panic!("as asked"),
            id => Some(id.to_owned()),
        })
    };
    let (app, diary) = program(keys);
    assert_eq!(said(&send(&app, messages(&["a", "none", "panic", "b"], Order::Unordered), &at(0))), "drrd");
    assert_eq!(said(&send(&app, messages(&["c", "none", "d"], Order::Total), &at(0))), "dr-");
    assert_eq!(diary.take(), ["\"a\"", "\"b\"", "\"c\""]);
}

/// A store that fails when it is told to.
struct Broken(&'static str, Memory);

impl Store for Broken {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        if self.0 == "begin" {
            Box::pin(async { Err(Error::internal("out of reach")) })
        } else {
            self.1.begin(cx, claim)
        }
    }

    fn finish<'a>(
        &'a self,
        cx: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>> {
        match self.0 {
            "finish" => Box::pin(async { Err(Error::internal("out of reach")) }),
            "taken" => Box::pin(async { Ok(false) }),
            _ => self.1.finish(cx, held, answer, expires),
        }
    }

    fn release<'a>(&'a self, _: &'a Context, _: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(Error::internal("out of reach")) })
    }
}

#[test]
fn a_store_out_of_reach_runs_nothing_and_undoes_nothing() {
    for (breaks, ran, first, line) in [
        ("begin", 0, "rr", "item m1 of jobs comes again later"),
        ("finish", 2, "dr", "the store does not know"),
        ("taken", 2, "dr", "set a longer lease"),
        ("release", 2, "dr", "can begin again only when its lease ends"),
    ] {
        let diary = Diary::default();
        let app = queue(once("work", Broken(breaks, Memory::new()), each(&diary)));
        let items = [entry("m1", r#"{"id":1}"#), entry("m2", r#"{"id":2,"do":"fail"}"#)];
        let clock = at(0);
        assert_eq!(said(&send(&app, Event::Queue(Batch::new("jobs", Order::Unordered, items)), &clock)), first);
        assert_eq!(diary.take().len(), ran, "{breaks}");
        let lines = clock.log_lines();
        assert!(lines.iter().any(|said| said.contains("once work") && said.contains(line)), "{breaks}: {lines:?}");
    }
}

/// A handler that has something to put away.
struct Ending(App, Diary);

impl Handler for Ending {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        self.0.call(event, cx).await
    }

    async fn start(&self, _: Context) -> Result<(), Error> {
        self.1.write("start");
        Ok(())
    }

    async fn shutdown(&self, _: Context) -> Result<(), Error> {
        self.1.write("shutdown");
        Ok(())
    }

    fn has_shutdown(&self) -> bool {
        true
    }

    fn schedules(&self) -> Vec<&str> {
        self.0.schedules()
    }
}

#[test]
fn a_whole_program_can_be_guarded_and_is_still_itself() {
    let diary = Diary::default();
    let app = App::builder().queue("jobs", each(&diary)).schedule("0 3 * * *", || async {}).build();
    let guarded = Once::new("all", Memory::new()).guard(Ending(app, diary.clone()));
    assert_eq!((guarded.schedules(), guarded.has_shutdown()), (vec!["0 3 * * *"], true));
    block_on(guarded.start(at(0).context())).unwrap();
    for _ in 0..2 {
        assert_eq!(said(&send(&guarded, messages(&["1", "2"], Order::Unordered), &at(0))), "dd");
    }
    block_on(guarded.shutdown(at(0).context())).unwrap();
    let lines = diary.take();
    assert_eq!((lines.len(), &*lines[0], &*lines[3]), (4, "start", "shutdown"));
}
