//! Nothing outlives this process, however it ends: a shell in a group of its own holds the list of our process groups
//! and kills them when the pipe from us closes, which the kernel does for us even after `kill -9`.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Reads `+ PGID` and `- PGID`; at the end of its input it kills the groups that are left, and itself lingers nowhere.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
    case $sign in
        +) groups="$groups$group " ;;
        -) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
    esac
done
for group in $groups; do kill -KILL -- "-$group" 2>/dev/null; done
"#;

static GUARD: Mutex<Option<Child>> = Mutex::new(None);

/// Has `group` killed should this process end before [`unwatch`] is called.
pub(super) fn watch(group: i32) {
    tell('+', group);
}

/// Takes back [`watch`]: the group is gone, and its number may soon be another's.
pub(super) fn unwatch(group: i32) {
    tell('-', group);
}

/// Best effort: without a shell, dropping still kills, and only a violent end of ours leaves something behind.
fn tell(sign: char, group: i32) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT]).env_clear().process_group(0);
        *guard = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok();
    }
    if let Some(stdin) = guard.as_mut().and_then(|child| child.stdin.as_mut()) {
        let _ = writeln!(stdin, "{sign} {group}");
    }
}
