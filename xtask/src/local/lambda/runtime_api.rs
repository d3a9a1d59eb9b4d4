//! A small Lambda Runtime API (Lambda: "Using the Lambda runtime API for custom runtimes"): many invocations, several
//! bootstraps, and answers that stream.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use bytes::Bytes;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{ARN, Outcome, environment, ids};
use crate::local::Report;
use crate::local::http1::{Answer, Headers, Request, channel, serve};
use crate::local::logs::Logs;
use crate::local::process::{Group, Process, clean_command};
use crate::local::server::{last_words, listen};

/// The largest answer that is not streamed (Lambda quotas: 6 MB).
const LARGEST_ANSWER: usize = 6_291_556;
/// How long a bootstrap gets to ask for its first invocation (Lambda: the init phase).
const INIT: Duration = Duration::from_secs(10);

/// Bootstraps that take invocations from one queue.
pub(super) struct RuntimeApi {
    queue: mpsc::UnboundedSender<Job>,
    instances: Vec<Arc<Instance>>,
    timeout: Duration,
}

/// One invocation that waits to be taken.
struct Job {
    id: String,
    event: Bytes,
    deadline: SystemTime,
    outcome: oneshot::Sender<Outcome>,
}

/// One bootstrap and what it is at.
struct Instance {
    jobs: Arc<AsyncMutex<mpsc::UnboundedReceiver<Job>>>,
    taken: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    process: Mutex<Option<Process>>,
    /// Whether this bootstrap has asked for work since it was started.
    ready: watch::Sender<bool>,
    /// When it took what it works on.
    begun: Mutex<Option<Instant>>,
    logs: Logs,
}

impl RuntimeApi {
    /// Starts `count` bootstraps and waits until each asks for work.
    pub(super) async fn start(
        bootstrap: &Path,
        count: usize,
        timeout: u32,
        env: &[(String, String)],
        logs: &Logs,
        group: &Arc<Group>,
    ) -> Result<(Self, Vec<JoinHandle<()>>)> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let jobs = Arc::new(AsyncMutex::new(jobs));
        let (mut instances, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..count.max(1) {
            let instance = Arc::new(Instance {
                jobs: Arc::clone(&jobs),
                taken: Mutex::default(),
                process: Mutex::default(),
                ready: watch::Sender::new(false),
                begun: Mutex::default(),
                logs: logs.clone(),
            });
            let listener = listen(0).await?;
            let mut all = environment(bootstrap, timeout);
            all.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), listener.local_addr()?.to_string()));
            all.push(("AWS_LAMBDA_INITIALIZATION_TYPE".to_owned(), "on-demand".to_owned()));
            all.extend_from_slice(env);
            let served = Arc::clone(&instance);
            tasks.push(serve(listener, move |request| {
                let instance = Arc::clone(&served);
                async move { instance.answer(request).await }
            }));
            let (kept, group) = (Arc::clone(&instance), Arc::clone(group));
            let bootstrap = bootstrap.to_path_buf();
            tasks.push(tokio::spawn(async move { kept.keep_running(&bootstrap, &all, &group).await }));
            instances.push(instance);
        }
        let all_ready = async {
            for instance in &instances {
                let _ = instance.ready.subscribe().wait_for(|ready| *ready).await;
            }
        };
        let api = Self { queue, instances: instances.clone(), timeout: Duration::from_secs(timeout.into()) };
        tokio::select! {
            () = all_ready => Ok((api, tasks)),
            status = first_end(&instances) => {
                tasks.iter().for_each(JoinHandle::abort);
                bail!("the bootstrap ended ({status}) before it asked for work{}", last_words(logs));
            }
            () = tokio::time::sleep(INIT) => {
                tasks.iter().for_each(JoinHandle::abort);
                bail!("the bootstrap did not ask for work within {} seconds{}", INIT.as_secs(), last_words(logs));
            }
        }
    }

    /// Gives a function an event and waits for its answer, or for a streamed one's beginning.
    pub(super) async fn invoke(&self, event: Vec<u8>) -> Outcome {
        let (tell, outcome) = oneshot::channel();
        let id = ids::uuid();
        let deadline = SystemTime::now() + self.timeout;
        let job = Job { id: id.clone(), event: event.into(), deadline, outcome: tell };
        if self.queue.send(job).is_err() {
            return Outcome::Failed("the function was stopped".to_owned());
        }
        match tokio::time::timeout(self.timeout, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::Failed("the function was stopped".to_owned()),
            Err(_) => {
                // As on Lambda, the whole bootstrap goes with the invocation that took too long.
                for instance in self.instances.iter().filter(|instance| instance.taken().contains_key(&id)) {
                    instance.process().iter().for_each(Process::kill);
                }
                Outcome::Failed(format!("{id} Task timed out after {}.00 seconds", self.timeout.as_secs()))
            }
        }
    }
}

async fn first_end(instances: &[Arc<Instance>]) -> String {
    let (tell, mut end) = mpsc::channel(1);
    for instance in instances {
        let (instance, tell) = (Arc::clone(instance), tell.clone());
        tokio::spawn(async move {
            let process = loop {
                if let Some(process) = instance.process().clone() {
                    break process;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            };
            tokio::select! {
                status = process.exited() => { let _ = tell.send(status).await; }
                () = tell.closed() => {}
            }
        });
    }
    end.recv().await.unwrap_or_default()
}

impl Instance {
    /// Starts the bootstrap again and again; one that does not even ask for work only when there is some.
    async fn keep_running(&self, bootstrap: &Path, env: &[(String, String)], group: &Arc<Group>) {
        loop {
            let mut command = clean_command(bootstrap);
            command.envs(env.iter().map(|(name, value)| (name, value)));
            let status = match group.spawn(command, self.logs.writer()) {
                Ok(process) => {
                    *self.process() = Some(process.clone());
                    process.exited().await
                }
                Err(error) => format!("{error:#}"),
            };
            let why = format!("Runtime.ExitError: Runtime exited with error: {status}");
            self.begun().take();
            let taken: Vec<_> = self.taken().drain().collect();
            for (id, outcome) in taken {
                let _ = outcome.send(Outcome::Failed(format!("RequestId: {id} {why}")));
            }
            if !self.ready.send_replace(false) {
                match self.jobs.lock().await.recv().await {
                    Some(job) => drop(job.outcome.send(Outcome::Failed(format!("RequestId: {} {why}", job.id)))),
                    None => return,
                }
            }
        }
    }

    async fn answer(&self, request: Request) -> Answer {
        let path = String::from_utf8_lossy(&request.target).into_owned();
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), &parts[..]) {
            ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => self.next().await,
            ("POST", ["2018-06-01", "runtime", "invocation", id, "response"]) => self.response(id, request).await,
            ("POST", ["2018-06-01", "runtime", "invocation", id, "error"]) => self.error(id, request).await,
            ("POST", ["2018-06-01", "runtime", "init", "error"]) => {
                self.logs.push(&format!("init error: {}", text(request).await));
                accepted()
            }
            // lambda_runtime's shutdown hook is an extension inside the runtime; it waits for an event that we never send.
            ("POST", ["2020-01-01", "extension", "register"]) => {
                let known = r#"{"functionName":"function","functionVersion":"$LATEST","handler":"bootstrap"}"#;
                let mut answer = Answer::typed(200, "application/json", known);
                answer.headers.push("Lambda-Extension-Identifier", ids::uuid());
                answer
            }
            ("GET", ["2020-01-01", "extension", "event", "next"]) => std::future::pending().await,
            _ => refused(404, "NotFound", &format!("the Runtime API has no {} {path}", request.method)),
        }
    }

    async fn next(&self) -> Answer {
        self.ready.send_replace(true);
        // An invocation lasts until the next one is asked for, with all that is done after the answer.
        if let Some(duration) = self.begun().take().map(|begun| begun.elapsed()) {
            let billed = Some(Duration::from_millis(u64::try_from(duration.as_micros().div_ceil(1_000)).unwrap_or(0)));
            self.logs.report(&Report { request: None, duration, billed, init: None });
        }
        let job = self.jobs.lock().await.recv().await;
        let Some(job) = job else { return std::future::pending().await };
        let deadline = job.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let trace = ids::uuid().replace('-', "");
        let headers = Headers::new()
            .with("Content-Type", "application/json")
            .with("Lambda-Runtime-Aws-Request-Id", job.id.as_str())
            .with("Lambda-Runtime-Deadline-Ms", deadline.to_string())
            .with("Lambda-Runtime-Invoked-Function-Arn", ARN)
            .with("Lambda-Runtime-Trace-Id", format!("Root=1-{}-{};Sampled=0", &trace[..8], &trace[8..]));
        self.taken().insert(job.id, job.outcome);
        *self.begun() = Some(Instant::now());
        Answer::new(200, headers, job.event)
    }

    async fn response(&self, id: &str, mut request: Request) -> Answer {
        let Some(outcome) = self.taken().remove(id) else {
            return refused(400, "InvalidRequestID", &format!("no invocation {id} is under way here"));
        };
        let mode = request.headers.get("lambda-runtime-function-response-mode").unwrap_or_default();
        if !mode.eq_ignore_ascii_case(b"streaming") {
            return match request.body.collect(LARGEST_ANSWER).await {
                Ok(Some(body)) => {
                    let _ = outcome.send(Outcome::Whole(body));
                    accepted()
                }
                Ok(None) => {
                    let why = format!("Exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes).");
                    let _ = outcome.send(Outcome::Failed(format!("Function.ResponseSizeTooLarge: {why}")));
                    refused(413, "RequestEntityTooLarge", &why)
                }
                Err(error) => {
                    let _ = outcome.send(Outcome::Failed(format!("the answer broke off: {error}")));
                    refused(400, "InvalidRequest", &error.to_string())
                }
            };
        }
        let content_type = request.headers.get("content-type").map(<[u8]>::to_vec);
        let (sender, body) = channel();
        let _ = outcome.send(Outcome::Stream { content_type, body });
        loop {
            match request.body.next().await {
                Ok(Some(piece)) => {
                    // A client that has gone does not end the function, as on Lambda.
                    sender.data(piece);
                }
                Ok(None) => break,
                Err(error) => {
                    sender.fail(error);
                    return refused(400, "InvalidRequest", "the answer broke off");
                }
            }
        }
        let trailers = request.body.trailers().cloned().unwrap_or_default();
        match trailers.get("lambda-runtime-function-error-type") {
            Some(error) => {
                let error = String::from_utf8_lossy(error).into_owned();
                self.logs.push(&format!("RequestId: {id} the streamed answer failed half way: {error}"));
                sender.fail(std::io::Error::other(error));
            }
            None => sender.end(trailers),
        }
        accepted()
    }

    async fn error(&self, id: &str, request: Request) -> Answer {
        let Some(outcome) = self.taken().remove(id) else {
            return refused(400, "InvalidRequestID", &format!("no invocation {id} is under way here"));
        };
        let _ = outcome.send(Outcome::Failed(text(request).await));
        accepted()
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begun(&self) -> MutexGuard<'_, Option<Instant>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn text(mut request: Request) -> String {
    let body = request.body.collect(LARGEST_ANSWER).await.ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&body).into_owned()
}

fn accepted() -> Answer {
    Answer::typed(202, "application/json", r#"{"status":"OK"}"#)
}

fn refused(status: u16, kind: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "errorType": kind, "errorMessage": message });
    Answer::typed(status, "application/json", body.to_string())
}
