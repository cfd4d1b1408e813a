//! The clipboard of this machine, through the program that its desktop has for it. It comes beside what the terminal does
//! itself (OSC 52), which some terminals do not do at all.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncWriteExt as _, process::Command};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A program that takes text to the clipboard: its name, and what it is called with.
type Program = (&'static str, &'static [&'static str]);

/// The clipboard of the desktop that this process runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clipboard {
    program: Program,
    path: PathBuf,
}

/// The programs that would reach the clipboard of whoever sits here, best first.
fn programs(set: impl Fn(&str) -> bool) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    // Over SSH this machine's own clipboard is somebody else's; only a display that is brought along is the person's own.
    if !set("SSH_CONNECTION") {
        if cfg!(target_os = "macos") {
            programs.push(("pbcopy", &[]));
        }
        if cfg!(windows) || set("WSL_DISTRO_NAME") {
            programs.push(("clip.exe", &[]));
        }
        if set("WAYLAND_DISPLAY") {
            programs.push(("wl-copy", &[]));
        }
    }
    if set("DISPLAY") {
        programs.push(("xclip", &["-selection", "clipboard"]));
        programs.push(("xsel", &["--clipboard", "--input"]));
    }
    programs
}

impl Clipboard {
    /// The clipboard that the environment tells of, if there is one and a program for it.
    pub(super) fn here() -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let folders = std::env::var_os("PATH").unwrap_or_default();
        programs(set).into_iter().find_map(|program| {
            let path = std::env::split_paths(&folders)
                .map(|folder| folder.join(program.0))
                .find(|path| is_there(path))?;
            Some(Self { program, path })
        })
    }

    /// The program's name.
    pub(super) fn name(&self) -> &'static str {
        self.program.0
    }

    /// Puts text there, or says why not.
    pub(super) async fn put(&self, text: &str) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.hand_over(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("it took longer than {} s", PATIENCE.as_secs())),
        }
    }

    async fn hand_over(&self, text: &str) -> std::io::Result<()> {
        let mut child = Command::new(&self.path)
            .args(self.program.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(text.as_bytes()).await?;
            stdin.shutdown().await?;
        }
        let status = child.wait().await?;
        if status.success() {
            return Ok(());
        }
        Err(std::io::Error::other(status.to_string()))
    }
}

fn is_there(path: &Path) -> bool {
    path.is_absolute() && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(set: &[&str]) -> Vec<&'static str> {
        let programs = programs(|name| set.contains(&name)).into_iter();
        programs.map(|(name, _)| name).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_desktop_says_which_program_it_is() {
        assert_eq!(names(&[]), Vec::<&str>::new());
        assert_eq!(names(&["DISPLAY"]), ["xclip", "xsel"]);
        assert_eq!(names(&["WAYLAND_DISPLAY", "DISPLAY"]), ["wl-copy", "xclip", "xsel"]);
        assert_eq!(names(&["WSL_DISTRO_NAME"]), ["clip.exe"]);
        assert_eq!(names(&["SSH_CONNECTION", "WAYLAND_DISPLAY"]), Vec::<&str>::new());
        assert_eq!(names(&["SSH_CONNECTION", "DISPLAY"]), ["xclip", "xsel"]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_fails_is_told() {
        let clipboard = |path: &str| Clipboard {
            program: ("xclip", &[]),
            path: path.into(),
        };
        assert!(clipboard("/no/such/program").put("text").await.is_err());
    }
}
