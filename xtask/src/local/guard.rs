//! Nothing outlives this process, however it ends: a shell in a group of its own holds the list of our process groups
//! and kills them when the pipe from us closes, which the kernel does for us even after `kill -9`.

use std::io::{self, Write as _};
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
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
"#;

static GUARD: Mutex<Option<Child>> = Mutex::new(None);

/// Has `group` killed should this process end before [`unwatch`] is called.
pub(crate) fn watch(group: i32) {
    tell('+', group);
}

/// Takes back [`watch`]: the group is gone, and its number may soon be another's.
pub(crate) fn unwatch(group: i32) {
    tell('-', group);
}

/// Best effort: without a shell, dropping still kills, and only a violent end of ours leaves something behind.
fn tell(sign: char, group: i32) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        *guard = start().ok();
    }
    if let Some(stdin) = guard.as_mut().and_then(|child| child.stdin.as_mut()) {
        let _ = writeln!(stdin, "{sign} {group}");
    }
}

fn start() -> io::Result<Child> {
    let mut command = Command::new("/bin/sh");
    // A group of its own: Ctrl-C is for us, and our end is what it waits for.
    command.args(["-c", SCRIPT]).env_clear().process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::{Child, Command};

    #[test]
    fn the_guard_kills_the_groups_that_are_left_when_its_input_ends() {
        let sleeper = || Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let (mut left, mut taken_back, mut last) = (sleeper(), sleeper(), sleeper());
        let mut guard = super::start().unwrap();
        let mut stdin = guard.stdin.take().unwrap();
        let pid = Child::id;
        writeln!(stdin, "+ {}\n+ {}\n+ {}\n- {1}", pid(&left), pid(&taken_back), pid(&last)).unwrap();
        drop(stdin);
        guard.wait().unwrap();
        assert_eq!(left.wait().unwrap().signal(), Some(9));
        assert_eq!(last.wait().unwrap().signal(), Some(9));
        assert!(taken_back.try_wait().unwrap().is_none());
        taken_back.kill().unwrap();
        taken_back.wait().unwrap();
    }
}
