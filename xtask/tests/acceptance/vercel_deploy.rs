//! `vercel deploy --prebuilt` uploads what `build` wrote: all of it, as it is, the executable as one.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anyfn_xtask::build::Target;
use anyfn_xtask::tools;
use serde_json::{Value, json};

use crate::built::built;
use crate::fake::{Call, Fake};
use crate::folder::{Folder, run};

const CONFIG: &str = ".vercel/output/config.json";
const VC_CONFIG: &str = ".vercel/output/functions/index.func/.vc-config.json";
const EXECUTABLE: &str = ".vercel/output/functions/index.func/executable";

/// As much of Vercel's API as one deployment asks for; what was not uploaded yet is missing.
fn api(call: &Call, uploaded: &Mutex<Vec<String>>) -> (u16, Value) {
    let user = json!({ "id": "user_1", "uid": "user_1", "username": "ada", "email": "a@example.com",
        "version": "northstar", "defaultTeamId": "team_1" });
    let deployment = json!({ "id": "dpl_1", "url": "hello.example.com", "name": "hello", "readyState": "READY",
        "target": "production", "alias": ["hello.example.com"], "aliasAssigned": 1, "createdAt": 1,
        "inspectorUrl": "https://example.com/1", "ownerId": "team_1", "projectId": "prj_1", "version": 2 });
    let mut uploaded = uploaded.lock().unwrap();
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/v2/user") => (200, json!({ "user": user })),
        ("GET", "/teams/team_1") => (200, json!({ "id": "team_1", "slug": "team", "name": "Team" })),
        ("GET", "/v9/projects/prj_1") => (200, json!({ "id": "prj_1", "name": "hello", "accountId": "team_1" })),
        ("POST", "/v2/files") => {
            uploaded.push(call.header("x-now-digest").unwrap_or_default().to_owned());
            (200, json!({ "urls": [] }))
        }
        ("POST", "/v13/deployments") => {
            let files = call.json()["files"].clone();
            let mut missing = sums(&files);
            missing.retain(|sum| !uploaded.contains(sum));
            if missing.is_empty() {
                return (200, deployment);
            }
            let error = json!({ "code": "missing_files", "message": "Missing files", "missing": missing });
            (400, json!({ "error": error }))
        }
        ("GET", path) if path.starts_with("/v13/deployments/") => (200, deployment),
        (method, path) => {
            (404, json!({ "error": { "code": "not_found", "message": format!("no {method} {path} here") } }))
        }
    }
}

fn sums(files: &Value) -> Vec<String> {
    let files = files.as_array().unwrap();
    files.iter().filter_map(|file| Some(file["sha"].as_str()?.to_owned())).collect()
}

fn sha1(file: &Path) -> String {
    let said = run(Command::new("sha1sum").arg(file));
    said.split(' ').next().unwrap().to_owned()
}

#[test]
fn vercel_uploads_the_prebuilt_folder_with_modes_and_sums() {
    let dir = built(Target::Vercel, "hello").vercel.unwrap().dir;
    let home = Folder::new("vercel-deploy");
    let uploaded = Mutex::default();
    let fake = Fake::start(move |call| api(call, &uploaded));
    let said = run(tools::npm()
        .unwrap()
        .vercel()
        .args(["deploy", "--prebuilt", "--prod", "--yes", "--token", "abcdef", "--api"])
        .arg(format!("http://{}", fake.addr))
        .arg("--global-config")
        .arg(home.path())
        .arg("--cwd")
        .arg(&dir)
        .current_dir(home.path())
        .env("VERCEL_ORG_ID", "team_1")
        .env("VERCEL_PROJECT_ID", "prj_1"));
    assert!(said.contains("https://hello.example.com"), "{said}");

    let calls = fake.calls();
    let deployments: Vec<_> = calls.iter().filter(|call| call.path == "/v13/deployments").collect();
    assert_eq!(deployments.len(), 2, "one that tells what is missing, one that is taken");
    assert!(deployments[1].query.contains("prebuilt=1"), "{}", deployments[1].query);
    let files = deployments[1].json()["files"].clone();
    // 33188 is 0o100644, 33261 is 0o100755.
    for (name, mode) in [(CONFIG, 0o100_644), (VC_CONFIG, 0o100_644), (EXECUTABLE, 0o100_755)] {
        let listed = files.as_array().unwrap().iter().find(|file| file["file"] == name);
        let listed = listed.unwrap_or_else(|| panic!("{name} is not deployed: {files}"));
        let (file, bytes) = (dir.join(name), std::fs::read(dir.join(name)).unwrap());
        assert_eq!(listed["mode"], mode, "{name}");
        assert_eq!(listed["size"], bytes.len(), "{name}");
        assert_eq!(listed["sha"], sha1(&file), "{name}");
        let uploads = calls.iter().filter(|call| call.header("x-now-digest") == listed["sha"].as_str());
        assert_eq!(uploads.map(|call| call.body == bytes).collect::<Vec<_>>(), [true], "{name} arrives once, whole");
    }
    assert_eq!(files.as_array().unwrap().len(), 3, "nothing else is deployed: {files}");
}
