//! What the tests of local runtimes share.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};

/// An executable script in a folder of its own.
pub(super) struct Script {
    path: PathBuf,
}

impl Script {
    pub(super) fn python(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("anyfn-script-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        let path = dir.join("bootstrap");
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
        let mut file = options.write(true).create_new(true).open(&path).unwrap();
        write!(file, "#!/usr/bin/env python3\n{text}").unwrap();
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.path.parent().unwrap());
    }
}

/// Whether a process ends within this time.
pub(super) async fn gone(pid: i32, within: Duration) -> bool {
    let pid = Pid::from_raw(pid).unwrap();
    let begin = Instant::now();
    while test_kill_process(pid).is_ok() {
        if begin.elapsed() >= within {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}
