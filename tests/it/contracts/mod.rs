//! Validators made from machine-readable slices of both vendors' interfaces.
//!
//! The slices lie beside the project, not in it. Where they are missing the checks say so; in CI
//! (`FEDWIZ_REQUIRE_PEERS=1`) a missing slice is a failure.

pub mod aws;
pub mod graph;

use std::path::PathBuf;

use serde_json::Value;

/// Reads one slice, or says visibly that the check is left out.
pub fn slice(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/contracts")
        .join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("the contract slice is JSON")),
        Err(error) => {
            assert!(
                std::env::var_os("FEDWIZ_REQUIRE_PEERS").is_none(),
                "the contract slice {} is missing: {error}",
                path.display()
            );
            eprintln!("LEFT OUT: {name} is not here, so nothing is checked against it");
            None
        }
    }
}
