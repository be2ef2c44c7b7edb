//! Starts a QGIS process with an empty environment, so that no variable of the machine opens another way in.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{DirBuilderExt, PermissionsExt},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::ProcessesConfig;

/// Limits the memory and then becomes the program, with the same process id. If the limit cannot be set, nothing starts.
const LIMITED: &str = r#"ulimit -v "$1" && shift && exec "$@""#;

/// The extension of socket files.
const SOCKET: &str = "sock";

/// Creates the folder for sockets, and deletes those of an earlier run.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    create_private(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == SOCKET) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Creates `folder` if missing, and lets only its owner, the gate's user, enter it.
fn create_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// The socket of a process. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The folder may be gone, and the file with it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Creates a socket for start `start` of process `number`. Each start gets a new one, so that connections to a process
/// that died end at once, and its requests do not reach the next process.
pub(super) fn listen(
    config: &ProcessesConfig,
    number: usize,
    start: u64,
) -> io::Result<(Socket, UnixListener)> {
    let path = config.folder.join(format!("{number}.{start}.{SOCKET}"));
    let listener = UnixListener::bind(&path)?;
    Ok((Socket { path }, listener))
}

/// Returns the command for process `number`, with `listener` as its standard input (`FastCGI` Specification 1.0 §2.2).
pub(super) fn command(
    config: &ProcessesConfig,
    number: usize,
    listener: UnixListener,
) -> io::Result<Command> {
    let home = config.folder.join(number.to_string());
    create_private(&home)?;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", LIMITED, "sh"])
        .arg((config.memory / 1024).to_string())
        .arg(&config.program)
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .current_dir(&home)
        // Ctrl-C must reach only the gate, which finishes its requests first.
        .process_group(0)
        .kill_on_drop(true);
    set_environment(&mut command, config, &home);
    Ok(command)
}

fn set_environment(command: &mut Command, config: &ProcessesConfig, home: &Path) {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .envs(["HOME", "TMPDIR", "XDG_RUNTIME_DIR"].map(|name| (name, home)))
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("QGIS_SERVER_LOG_STDERR", "1")
        .env("QGIS_SERVER_LOG_LEVEL", "1")
        // Otherwise one layer that cannot be opened makes every request for its project fail.
        .env("QGIS_SERVER_IGNORE_BAD_LAYERS", "1")
        .envs((!config.prints).then_some(("QGIS_SERVER_DISABLE_GETPRINT", "1")))
        .envs(config.project.iter().map(|project| ("QGIS_PROJECT_FILE", project)))
        .envs(&config.variables);
}
