//! `bootstrap.zip` is what Lambda unpacks, and depends on the executable alone.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyfn_xtask::build::Target;

use crate::built::{build_again, built};
use crate::folder::run;

/// Python's own reader, which checks the sums too.
const READER: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    for entry in archive.infolist():
        same = archive.read(entry) == open(sys.argv[2], "rb").read()
        print(entry.filename, oct(entry.external_attr >> 16), entry.create_system, same)
"#;

#[test]
fn the_archive_holds_the_executable_bootstrap_and_nothing_else() {
    let artefact = built(Target::Lambda, "hello").lambda.unwrap();
    let said = run(Command::new("python3").args(["-c", READER]).arg(&artefact.zip).arg(&artefact.bootstrap));
    // 3 is Unix: elsewhere, the mode would mean nothing.
    assert_eq!(said, "bootstrap 0o100755 3 True\n");
}

#[test]
fn building_again_at_another_time_gives_the_same_bytes() {
    let first = built(Target::Lambda, "hello").lambda.unwrap();
    let before = fs::read(&first.zip).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(400 * 24 * 3600);
    File::options().write(true).open(&first.bootstrap).unwrap().set_modified(long_ago).unwrap();
    let second = build_again(Target::Lambda, "hello").lambda.unwrap();
    assert_ne!(first.zip, second.zip);
    assert!(before == fs::read(&second.zip).unwrap(), "the archive of the same program differs");
    let template = |artefact: &anyfn_xtask::build::lambda::Artefact| fs::read_to_string(&artefact.template).unwrap();
    assert_eq!(template(&first), template(&second));
}
