//! Where profiles and journals lie on this machine.

#[cfg(feature = "demo")]
use std::path::Path;
use std::path::PathBuf;

use directories::ProjectDirs;

use super::args::Which;
use crate::{
    fault::{Fault, Kind},
    profile::Profile,
};

/// Names another folder for journals.
pub(super) const STATE_DIR: &str = "FEDWIZ_STATE_DIR";

/// Names another folder for profiles.
pub(super) const CONFIG_DIR: &str = "FEDWIZ_CONFIG_DIR";

fn folders() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "fedwiz")
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn config_dir() -> Result<PathBuf, Fault> {
    named(CONFIG_DIR)
        .or_else(|| folders().map(|folders| folders.config_dir().to_path_buf()))
        .ok_or_else(|| {
            Fault::new(Kind::Usage, "there is no home folder to look for profiles in").hint(format!(
                "Name the profile with `--profile FILE`, or its folder with {CONFIG_DIR}."
            ))
        })
}

/// The folder of one federation's journal and handouts, made for its owner only.
pub(super) fn state_dir(federation: &str) -> Result<PathBuf, Fault> {
    Ok(state_root()?.join(federation))
}

fn state_root() -> Result<PathBuf, Fault> {
    let usual = || {
        folders().map(|folders| {
            folders
                .state_dir()
                .unwrap_or_else(|| folders.data_local_dir())
                .to_path_buf()
        })
    };
    named(STATE_DIR).or_else(usual).ok_or_else(|| {
        Fault::new(Kind::Usage, "there is no home folder to keep the journal in")
            .hint(format!("Name a folder with {STATE_DIR}."))
    })
}

/// Makes a folder that only its owner can look into.
#[cfg(feature = "demo")]
pub(super) fn make_private(folder: &Path) -> Result<(), Fault> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        Fault::new(Kind::File, format!("the folder {} cannot be made", folder.display()))
            .why(error.to_string())
            .hint(format!("Name another with {STATE_DIR}."))
    })
}

/// Where `init` writes the profile of a federation.
pub(super) fn config_file(federation: &str) -> Result<PathBuf, Fault> {
    Ok(config_dir()?.join(format!("{federation}.toml")))
}

/// The profile's file that these flags mean.
pub(super) fn profile_file(which: &Which) -> Result<PathBuf, Fault> {
    if let Some(file) = &which.profile {
        return Ok(file.clone());
    }
    if let Some(name) = &which.federation {
        let file = config_file(name)?;
        if file.is_file() {
            return Ok(file);
        }
        return Err(Fault::new(Kind::Usage, format!("there is no federation `{name}`"))
            .why(format!("{} is not there", file.display()))
            .hint(known().map_or_else(
                || "Make one with `fedwiz init`.".into(),
                |names| format!("Known: {}.", names.join(", ")),
            )));
    }
    let here = PathBuf::from("fedwiz.toml");
    if here.is_file() {
        return Ok(here);
    }
    match known().as_deref() {
        Some([only]) => config_file(only),
        Some([_, _, ..]) => Err(Fault::new(Kind::Usage, "there are several federations").hint(format!(
            "Choose one with `--federation`: {}.",
            known().unwrap_or_default().join(", ")
        ))),
        _ => Err(Fault::new(Kind::Usage, "there is no profile")
            .hint("Write one with `fedwiz init`, or name one with `--profile FILE`.")),
    }
}

/// The profiles in the configuration folder, sorted.
pub(super) fn profiles() -> Vec<PathBuf> {
    let entries = config_dir().ok().and_then(|folder| std::fs::read_dir(folder).ok());
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// The federations in the configuration folder, sorted.
fn known() -> Option<Vec<String>> {
    let names: Vec<String> = profiles()
        .iter()
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    (!names.is_empty()).then_some(names)
}

/// Reads the profile that these flags mean.
pub(super) fn profile(which: &Which) -> Result<(PathBuf, Profile), super::Stop> {
    let file = profile_file(which)?;
    let profile = Profile::load(&file)?;
    Ok((file, profile))
}
