//! `cargo xtask deploy` hands over to the vendors' tools, which are stand-ins here: they write down what they are told.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyfn_xtask::new::Start;

use crate::folder::{Folder, said};
use crate::new::{around, project};

/// A folder for PATH with a stand-in called `name`, which ends as `deploy` says and answers `whoami` with `who`.
fn stand_in(around: &Folder, name: &str, deploy: i32, who: &str) -> PathBuf {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" --- >> '{calls}'\ncase \"$*\" in\n*whoami*|*get-caller-identity*) echo '{who}'; \
         test '{who}' != refused ;;\n*) exit {deploy} ;;\nesac\n",
        calls = around.path().join("calls").display()
    );
    let file = around.write(&format!("bin/{name}"), &script);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    around.path().join("bin")
}

/// `cargo xtask deploy`, with the folder before all others in PATH.
fn deploy(folder: &Path, bin: &Path, arguments: &[&str]) -> Output {
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths([bin.to_owned()].into_iter().chain(std::env::split_paths(&path))).unwrap();
    deploy_with(folder, &path, arguments)
}

fn deploy_with(folder: &Path, path: &std::ffi::OsStr, arguments: &[&str]) -> Output {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_anyfn-xtask"));
    xtask.arg("deploy").args(arguments).current_dir(folder).env("PATH", path).env_remove("CARGO_TARGET_DIR");
    xtask.output().unwrap()
}

/// What the stand-ins were told since the last time, one call an element.
fn calls(around: &Folder) -> Vec<String> {
    let file = around.path().join("calls");
    let calls = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(file);
    calls.split("---\n").filter(|call| !call.is_empty()).map(|call| call.trim_end().replace('\n', " ")).collect()
}

#[test]
fn what_was_built_goes_to_wrangler_and_a_failure_says_whether_the_login_is_missing() {
    let around = around("deploy-wrangler");
    let folder = project(&around, "sent", Start::Http);
    let config = "dist/cloudflare/sent/wrangler.jsonc";
    let told = format!("wrangler deploy --config {config} --env staging");
    let line = ["--target", "cloudflare", "--", "--env", "staging"];

    let bin = stand_in(&around, "npx", 0, "");
    let output = deploy(&folder, &bin, &line);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains(&format!("npx {told}")), "the command is shown\n{}", said(&output));
    assert!(folder.join(config).is_file());
    assert_eq!(calls(&around), [told.as_str()]);

    stand_in(&around, "npx", 3, "You are not authenticated. Please run `wrangler login`.");
    let output = deploy(&folder, &bin, &line);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("you are not logged in") && text.contains("`npx wrangler login`"), "{text}");
    assert_eq!(calls(&around), [told.as_str(), "wrangler whoami"]);

    stand_in(&around, "npx", 3, "Ada");
    let text = said(&deploy(&folder, &bin, &line));
    assert!(
        text.contains("wrangler failed (exit status: 3)") && text.contains("the login is not what is missing"),
        "{text}"
    );
}

#[test]
fn a_dry_run_prints_the_command_alone_and_calls_nobody() {
    let around = around("deploy-dry");
    let folder = project(&around, "dry", Start::Queue);
    for (tool, target, expected) in [
        (
            "sam",
            "lambda",
            "sam deploy --template-file dist/lambda/dry/template.yaml --stack-name dry --resolve-s3 --capabilities \
             CAPABILITY_IAM --region eu-west-1\n",
        ),
        ("npx", "vercel", "npx vercel deploy --prebuilt --cwd dist/vercel/dry --region eu-west-1\n"),
        (
            "podman",
            "server",
            "podman build --tag dry --file dist/server/dry/Containerfile dist/server/dry --region eu-west-1\n",
        ),
    ] {
        let bin = stand_in(&around, tool, 1, "refused");
        let output = deploy(&folder, &bin, &["--target", target, "--dry-run", "--", "--region", "eu-west-1"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
    assert_eq!(calls(&around), Vec::<String>::new());
    assert!(!folder.join("dist").exists(), "a dry run builds nothing");
}

#[test]
fn a_missing_tool_is_told_before_anything_is_built() {
    let around = around("deploy-missing");
    let folder = project(&around, "missing", Start::Http);
    let bin = around.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap());
    for program in ["cargo", "rustc"] {
        symlink(cargo.with_file_name(program), bin.join(program)).unwrap();
    }
    for (target, program, advice) in [
        ("lambda", "`sam` is missing", "pip install aws-sam-cli"),
        ("cloudflare", "`npx` is missing", "install Node.js"),
        ("vercel", "`npx` is missing", "install Node.js"),
        ("server", "`podman` is missing", "install podman, or docker"),
    ] {
        let output = deploy_with(&folder, bin.as_os_str(), &["--target", target]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(program) && text.contains(advice), "{text}");
    }
    assert!(!folder.join("dist").exists());
}
