//! Where this run keeps secrets, as the flags say and as this machine can.

use std::{
    io::{BufRead, IsTerminal, Write},
    sync::Arc,
};

use super::{args::TokenStore, out};
use crate::{
    engine::{
        graph::NodeId,
        run::{NodeRun, Run},
    },
    fault::Fault,
    secrets::{EnvStore, KeyringStore, MemoryStore, SharedSecrets},
};

/// The store that was chosen. A keyring that does not answer is said so, with its cause; at a terminal a person may go on
/// without one, elsewhere the command ends. Never a file.
pub(super) async fn open(choice: TokenStore) -> Result<SharedSecrets, Fault> {
    match choice {
        TokenStore::Env => Ok(Arc::new(EnvStore::new(std::env::vars_os()))),
        TokenStore::Memory => Ok(Arc::new(MemoryStore::new())),
        TokenStore::Keyring => match KeyringStore::open().await {
            Ok(keyring) => Ok(Arc::new(keyring)),
            Err(fault) if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => {
                out::fault(&fault);
                if in_memory_is_fine().await {
                    Ok(Arc::new(MemoryStore::new()))
                } else {
                    Err(fault)
                }
            }
            Err(fault) => Err(fault),
        },
    }
}

/// The store for the screen, which asks nobody: where no keyring answers, the fault says so and what to do.
pub(super) async fn open_quietly(choice: TokenStore) -> Result<SharedSecrets, Fault> {
    match choice {
        TokenStore::Keyring => Ok(Arc::new(KeyringStore::open().await?)),
        other => open(other).await,
    }
}

/// The store for commands that only look: without a keyring they look with an empty one, and say so.
pub(super) async fn open_to_look(choice: TokenStore) -> Result<SharedSecrets, Fault> {
    if choice != TokenStore::Keyring {
        return open(choice).await;
    }
    match KeyringStore::open().await {
        Ok(keyring) => Ok(Arc::new(keyring)),
        Err(fault) => {
            out::note(&format!(
                "note: {fault}. What needs the SCIM token cannot be looked at."
            ));
            Ok(Arc::new(MemoryStore::new()))
        }
    }
}

/// With `--token-store memory`, no command has what an earlier one kept. Says so where it makes a difference: a set-up that
/// is sound is shown with its token missing.
pub(super) fn say_what_is_forgotten(choice: TokenStore, run: &Run) {
    let has_token = |(id, node): &(&NodeId, &NodeRun)| id.step == "scim.token" && node.standing.is_some();
    if choice == TokenStore::Memory && run.nodes().iter().any(has_token) {
        out::note(FORGOTTEN);
    }
}

const FORGOTTEN: &str = "\
note: the SCIM token was kept in the memory of a command that has ended, so it is missing here, and what needs it cannot be seen.
  Entra has the token too, and goes on provisioning with it: nothing is broken.
  To have it looked after, run `fedwiz apply` where a keyring answers: a person makes a new token, and it stays. Where you have the
  token yourself, `--token-store env` reads it from FEDWIZ_SCIM_TOKEN and FEDWIZ_SCIM_ENDPOINT.";

async fn in_memory_is_fine() -> bool {
    let asked = tokio::task::spawn_blocking(|| {
        let mut err = std::io::stderr();
        let _ = write!(
            err,
            "Keep secrets in memory for this run only, and lose them when it ends? [y/N] "
        );
        let _ = err.flush();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
    });
    asked.await.unwrap_or(false)
}
