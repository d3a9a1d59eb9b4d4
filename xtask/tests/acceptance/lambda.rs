//! AWS's emulator, and cargo-lambda's, invoke the bootstrap that `build` wrote; the ARM one under qemu.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyfn_xtask::build::Target;
use anyfn_xtask::local::lambda::{self, Lambda, Shape};
use anyfn_xtask::local::{Options, ask};
use anyfn_xtask::tools;
use serde_json::{Value, json};

use crate::GREETING;
use crate::built::{built, built_for_arm64};
use crate::folder::{Folder, run};

/// Asks a bootstrap behind each of these gateways, one after the other.
async fn greets(bootstrap: &Path, gateways: &[Lambda]) {
    for gateway in gateways {
        let running = lambda::start(bootstrap, gateway, &Options::new()).await.unwrap();
        let answer = ask(running.addr(), "GET", "/?name=Ada").await.unwrap();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!((answer.status, body.as_str()), (200, GREETING), "{gateway:?}\n{}", running.logs().join("\n"));
        assert_eq!(answer.content_type.as_deref(), Some("application/json"), "{gateway:?}");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn awss_emulator_gets_the_answer_from_the_bootstrap_that_is_deployed() {
    let bootstrap = tokio::task::spawn_blocking(|| built(Target::Lambda, "hello").lambda.unwrap().bootstrap);
    let shapes = [Shape::V1, Shape::V2, Shape::Url, Shape::Alb, Shape::AlbMulti];
    greets(&bootstrap.await.unwrap(), &shapes.map(Lambda::emulator)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn the_bootstrap_for_arm64_answers_under_qemu() {
    let folder = Folder::new("arm64");
    let (bootstrap, qemu) = tokio::task::spawn_blocking(|| {
        let artefact = built_for_arm64(Target::Lambda, "hello").lambda.unwrap();
        let template = std::fs::read_to_string(&artefact.template).unwrap();
        assert!(template.contains("Architectures: [arm64]"), "{template}");
        // 0xB7 is AArch64 in the header's field of the machine.
        assert_eq!(std::fs::read(&artefact.bootstrap).unwrap()[18..20], [0xB7, 0]);
        (artefact.bootstrap, (!cfg!(target_arch = "aarch64")).then(|| tools::qemu_aarch64().unwrap()))
    })
    .await
    .unwrap();
    let bootstrap = qemu.map_or_else(|| bootstrap.clone(), |qemu| emulated(&folder, &qemu, &bootstrap));
    greets(&bootstrap, &[Lambda::own(Shape::V2, 1), Lambda::emulator(Shape::Url)]).await;
}

/// A script that runs `program` under qemu.
fn emulated(folder: &Folder, qemu: &Path, program: &Path) -> PathBuf {
    let script = format!("#!/bin/sh\nexec '{}' '{}'\n", qemu.display(), program.display());
    let path = folder.write("bootstrap", &script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A process that ends when the test does.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn until_open(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing listens on port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `cargo lambda watch` as far as a bootstrap from elsewhere needs it: its Runtime API, and its function URL.
fn watch(folder: &Folder, port: u16) -> Running {
    folder.write("Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n");
    folder.write("src/main.rs", "fn main() {}\n");
    let (address, port_text) = (Ipv4Addr::LOCALHOST.to_string(), port.to_string());
    let running = Running::start(
        Command::new(tools::cargo_lambda().unwrap().program)
            .args(["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "--invoke-address", &address])
            .args(["--invoke-port", &port_text])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    until_open(port);
    running
}

fn bootstrap(port: u16) -> Running {
    let artefact = built(Target::Lambda, "hello").lambda.unwrap();
    Running::start(
        Command::new(artefact.bootstrap)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt"))
            .env("AWS_LAMBDA_FUNCTION_NAME", "_")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_REGION", "eu-west-1"),
    )
}

/// What API Gateway sends for `GET /?name=Ada` to an HTTP API.
fn event() -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "name=Ada",
        "headers": { "accept": "*/*", "host": "abc.execute-api.eu-west-1.amazonaws.com", "x-forwarded-proto": "https" },
        "queryStringParameters": { "name": "Ada" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc", "domainName": "abc.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "abc", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000", "timeEpoch": 1_773_119_783_000_u64,
            "http": {
                "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test",
            },
        },
        "isBase64Encoded": false,
    })
}

#[test]
fn cargo_lambda_watch_and_invoke_get_the_answer_from_the_bootstrap_that_is_deployed() {
    let (folder, port) = (Folder::new("cargo-lambda"), free_port());
    let _watch = watch(&folder, port);
    let _bootstrap = bootstrap(port);
    let file = folder.write("event.json", &event().to_string());
    let said = run(Command::new(tools::cargo_lambda().unwrap().program)
        .args(["lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string(), "--data-file"])
        .arg(file)
        .current_dir(folder.path()));
    let answer: Value = serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(200), &json!(GREETING)), "{answer}");

    // As a browser asks `watch`, which makes a function URL's event of it.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asked = runtime.block_on(ask((Ipv4Addr::LOCALHOST, port).into(), "GET", "/lambda-url/_/?name=Ada")).unwrap();
    assert_eq!((asked.status, String::from_utf8_lossy(&asked.body).as_ref()), (200, GREETING));
}
