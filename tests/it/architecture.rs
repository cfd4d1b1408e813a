//! The layers of `docs/architecture.md`, kept as data.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A layer, and the layers it may use. `session`, `cli` and `main` may use everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("fault", &[]),
    ("clock", &[]),
    ("secrets", &["fault", "clock"]),
    ("profile", &["fault", "secrets"]),
    ("engine", &["fault", "secrets", "clock"]),
    ("clients", &["fault", "secrets", "clock"]),
    ("steps", &["engine", "clients", "profile", "secrets", "fault", "clock"]),
    ("doctor", &["steps", "engine", "clients", "profile", "secrets", "fault"]),
    ("adopt", &["steps", "engine", "clients", "profile", "secrets", "fault"]),
    ("report", &["engine", "fault"]),
    ("export", &["report", "engine", "profile", "secrets", "fault"]),
    ("tui", &["report", "engine", "profile", "fault"]),
    ("sim", &[]),
];

/// A crate, and the only layers that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    // The simulator's provisioning service is an HTTP client of its own.
    ("reqwest", &["clients", "sim"]),
    ("aws_sdk_", &["clients"]),
    ("aws_config", &["clients"]),
    ("azure_identity", &["clients"]),
    ("azure_core", &["clients"]),
    ("oauth2", &["clients"]),
    ("axum", &["sim"]),
    ("rcgen", &["clients", "sim"]),
    ("keyring", &["secrets"]),
    ("keyring_core", &["secrets"]),
];

/// Where everything is wired together.
const EDGE: &[&str] = &["session", "cli", "main", "lib"];

fn source_files() -> Vec<(String, PathBuf, String)> {
    fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("the source folder is readable") {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("below src");
            let first = inside
                .components()
                .next()
                .expect("a name")
                .as_os_str()
                .to_string_lossy();
            let layer = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("readable source");
            (layer, path, text)
        })
        .collect()
}

/// The code of a file: without comments, and without what is compiled for tests only.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line))
}

/// The first path segments after `crate::` on this line, `crate::{a::…, b}` included as far as it stands on one line.
fn used_layers(line: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in line.match_indices("crate::") {
        if at > 0 && line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => top_level_names(group),
            None => vec![rest],
        };
        for name in names {
            let name: String = name
                .trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found
}

/// The parts between commas that stand outside inner braces.
fn top_level_names(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0_i32, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(&group[start..at]);
                return names;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    names.push(&group[start..]);
    names
}

/// Joins `use crate::{` groups that stand on several lines into one.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in code_lines(text) {
        match open.take() {
            Some((at, mut so_far)) => {
                so_far.push_str(line.trim());
                if line.contains(';') {
                    lines.push((at, so_far));
                } else {
                    open = Some((at, so_far));
                }
            }
            None if line.trim_start().starts_with("use crate::{") && !line.contains(';') => {
                open = Some((number, line.trim().to_owned()));
            }
            None => lines.push((number, line.to_owned())),
        }
    }
    lines
}

fn breaches(files: &[(String, PathBuf, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (layer, path, text) in files {
        let only_tests = path
            .file_name()
            .is_some_and(|name| name == "tests.rs" || name == "toy.rs");
        if EDGE.contains(&layer.as_str()) || only_tests {
            continue;
        }
        let Some((_, may_use)) = LAYERS.iter().find(|(name, _)| name == layer) else {
            found.push(format!("{} lies in no layer of the table", path.display()));
            continue;
        };
        for (number, line) in joined(text) {
            for used in used_layers(&line) {
                if used != *layer && !may_use.contains(&used.as_str()) {
                    found.push(format!("{}:{number}: `{layer}` may not use `{used}`", path.display()));
                }
            }
            for (name, layers) in CRATES {
                let names_it = line.match_indices(name).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let after = line[at + name.len()..].chars().next();
                    let starts = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '`');
                    let ends = name.ends_with('_') || !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
                    starts && ends && line[at..].contains("::")
                });
                if names_it && !layers.contains(&layer.as_str()) {
                    found.push(format!(
                        "{}:{number}: `{name}` belongs to {layers:?}, not `{layer}`",
                        path.display()
                    ));
                }
            }
        }
    }
    found
}

#[test]
fn every_layer_uses_only_what_the_table_allows() {
    let found = breaches(&source_files());
    assert!(found.is_empty(), "the layers are broken:\n{}", found.join("\n"));
}

#[test]
fn the_table_refuses_a_breach() {
    let file = |layer: &str, text: &str| {
        (
            layer.to_owned(),
            PathBuf::from(format!("src/{layer}/x.rs")),
            text.to_owned(),
        )
    };
    let spoilt = [
        file("engine", "use crate::clients::http::Http;"),
        file("sim", "use crate::{\n    fault::Fault,\n};"),
        file("steps", "let client = reqwest::Client::new();"),
        file("nowhere", ""),
    ];
    assert_eq!(breaches(&spoilt).len(), 4, "{:?}", breaches(&spoilt));
    let fine = [
        file("engine", "use crate::{fault::{Fault, Text}, secrets::redact};"),
        file("clients", "let client = reqwest::Client::new();"),
    ];
    assert_eq!(breaches(&fine), Vec::<String>::new());
}

#[test]
fn a_layers_front_page_only_promises() {
    // A layer's `mod.rs` says what it promises and holds no logic: that is in files with names.
    let layers: BTreeSet<String> = LAYERS.iter().map(|(name, _)| format!("src/{name}/mod.rs")).collect();
    let with_logic: Vec<String> = source_files()
        .into_iter()
        .filter(|(_, path, _)| layers.iter().any(|front| path.ends_with(front)))
        .filter(|(_, _, text)| code_lines(text).any(|(_, line)| line.contains("fn ")))
        .map(|(_, path, _)| path.display().to_string())
        .collect();
    assert!(
        with_logic.is_empty(),
        "these hold logic that wants a file with a name: {with_logic:?}"
    );
}
