//! What stands, as Terraform: resources with import blocks for what fedwiz made, data sources for what was there before, and a
//! labelled comment with the command for each part that Terraform cannot express. Steps tell it themselves, in
//! [`crate::engine::step::Step::declared`]. Secrets are variables without a value.

use std::collections::{HashMap, HashSet};

use super::hcl::{self, Pair};
use crate::{
    engine::{
        Phase,
        any::AnyStep,
        declared::{Block, BlockKind, Declared, Member, Term},
        graph::NodeId,
        known::Known,
        run::{Run, Standing},
        step::{Scope, World},
    },
    profile::Profile,
    report::{clean::clean, words},
    secrets::redact,
};

/// A file of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Terraform and providers in which all that is written is known. Import ids with variables came with Terraform 1.6.
const VERSIONS: &str = "terraform {
  required_version = \">= 1.6.0\"

  required_providers {
    aws = {
      source  = \"hashicorp/aws\"
      version = \">= 5.0\"
    }
    azuread = {
      source  = \"hashicorp/azuread\"
      version = \">= 3.0\"
    }
  }
}
";

/// The configuration of what these facts say stands.
pub fn files<W: World>(profile: &Profile, phases: &[&'static Phase<W>], world: &W, run: &Run) -> Vec<File> {
    let mut parts = parts(phases, world, run);
    let names = Names::of(&mut parts);
    let several = world.targets().len() > 1;
    let mut providers = String::from(VERSIONS);
    let mut variables = String::new();
    let mut bodies: Vec<(String, String)> = Vec::new();
    for part in &parts {
        let file = match &part.target {
            None => "entra.tf".to_owned(),
            Some(target) => format!("federation_{}.tf", hcl::identifier(target)),
        };
        let place = bodies.iter().position(|(name, _)| *name == file).unwrap_or_else(|| {
            bodies.push((file, String::new()));
            bodies.len() - 1
        });
        if let Some(comment) = &part.comment {
            bodies[place].1.push_str(&format!("\n{comment}"));
        }
        for block in &part.blocks {
            let alias = part.target.as_deref().filter(|_| several).map(hcl::identifier);
            let written = names.write(block, alias.as_deref());
            let into = match block.kind {
                BlockKind::Provider => &mut providers,
                BlockKind::Variable => &mut variables,
                BlockKind::Resource | BlockKind::Data => &mut bodies[place].1,
            };
            into.push_str(&format!("\n{written}"));
        }
    }
    let head = head(profile, run);
    let mut files = vec![File {
        name: "providers.tf".into(),
        text: format!("{head}\n{providers}"),
    }];
    let rest = [("variables.tf".to_owned(), variables)].into_iter().chain(bodies);
    files.extend(rest.filter(|(_, text)| !text.is_empty()).map(|(name, text)| File {
        name,
        text: format!("{head}{text}"),
    }));
    files
}

fn head(profile: &Profile, run: &Run) -> String {
    let until = run
        .at()
        .map_or_else(|| "no facts yet".into(), |at| format!("facts up to {at:.0}"));
    format!(
        "# The federation {}, written by `fedwiz export terraform` from its journal: {until}.\n\
         # `terraform plan` shows whether it still stands so. Read it before the first apply: what is imported is destroyed\n\
         # by `terraform destroy`. What Terraform cannot express stands in comments that begin with \"Not in Terraform\".\n",
        comment(&profile.federation)
    )
}

/// Text in a comment: on one line.
fn comment(text: &str) -> String {
    redact(&clean(text))
}

/// What is written for one node, or for all nodes of a step of which nothing can be.
struct Part {
    target: Option<String>,
    blocks: Vec<Block>,
    comment: Option<String>,
}

/// What cannot be expressed: nodes of one step and target, with one reason.
struct Left<'r> {
    title: &'static str,
    step: &'static str,
    target: Option<String>,
    several: bool,
    why: String,
    nodes: Vec<(&'r NodeId, &'r Standing)>,
}

/// All that stands, in the order of the phases, their steps, the targets and the items.
fn parts<W: World>(phases: &[&'static Phase<W>], world: &W, run: &Run) -> Vec<Part> {
    let targets = world.targets();
    let mut of_step: HashMap<&str, Vec<(&NodeId, &Standing)>> = HashMap::new();
    for (id, node) in run.nodes() {
        if let Some(standing) = &node.standing {
            of_step.entry(id.step.as_str()).or_default().push((id, standing));
        }
    }
    let mut parts = Vec::new();
    for step in phases.iter().flat_map(|phase| phase.steps.iter().copied()) {
        let about = step.about();
        let nodes = of_step.remove(about.id.as_str()).unwrap_or_default();
        let of_targets: Vec<Option<&String>> = match about.scope {
            Scope::Tenant => vec![None],
            Scope::Target => targets.iter().map(Some).collect(),
        };
        for target in of_targets {
            let here = nodes
                .iter()
                .filter(|(id, _)| id.target.is_none() || id.target.as_ref() == target);
            parts.extend(of_target(step, here.copied(), target, world, run));
        }
    }
    parts
}

fn of_target<'r, W: World>(
    step: &dyn AnyStep<W>,
    nodes: impl Iterator<Item = (&'r NodeId, &'r Standing)>,
    target: Option<&String>,
    world: &W,
    run: &Run,
) -> Vec<Part> {
    let about = step.about();
    let (mut parts, mut left): (Vec<Part>, Vec<Left<'r>>) = (Vec::new(), Vec::new());
    for (id, standing) in nodes {
        let known = Known::new(world, run, id, target.map_or("", String::as_str));
        match step.declared(&known) {
            Declared::As(blocks) => parts.push(Part {
                target: target.cloned(),
                blocks,
                comment: None,
            }),
            Declared::Not(why) => match left.iter_mut().find(|left| left.why == why) {
                Some(left) => left.nodes.push((id, standing)),
                None => left.push(Left {
                    title: about.title,
                    step: about.id.as_str(),
                    target: target.cloned(),
                    several: world.targets().len() > 1,
                    why: why.into_owned(),
                    nodes: vec![(id, standing)],
                }),
            },
            Declared::Within(_) | Declared::Nothing => {}
        }
    }
    parts.extend(left.into_iter().map(|left| Part {
        target: target.cloned(),
        comment: Some(left.comment()),
        blocks: Vec::new(),
    }));
    parts
}

/// How many items a comment names.
const NAMED: usize = 12;

impl Left<'_> {
    fn comment(&self) -> String {
        let ours = self.nodes.iter().any(|(_, standing)| standing.is_ours());
        let part = match &self.target {
            Some(target) if self.several => format!("--target {target} --only {}", self.step),
            _ => format!("--only {}", self.step),
        };
        let mut lines = vec![
            format!("Not in Terraform: {} ({})", self.title, self.step),
            format!("  why:       {}", self.why),
            format!("  set up:    fedwiz apply {part}"),
            if ours {
                format!("  take back: fedwiz teardown {part}")
            } else {
                "  take back: nothing; it was there before fedwiz came".into()
            },
        ];
        for (id, standing) in self.nodes.iter().take(NAMED) {
            let unproven = if standing.unproven { ", unproven" } else { "" };
            lines.push(format!("  journal:   {id} {}{unproven}", words::how(standing.how)));
        }
        if self.nodes.len() > NAMED {
            lines.push(format!("  journal:   and {} more", self.nodes.len() - NAMED));
        }
        lines.iter().map(|line| format!("# {}\n", comment(line))).collect()
    }
}

/// Which identifier each block got.
struct Names(HashMap<(BlockKind, &'static str, String), String>);

impl Names {
    /// Gives each block an identifier of its own. A block that is told twice is written once.
    fn of(parts: &mut [Part]) -> Self {
        let mut given = HashMap::new();
        let mut taken = HashSet::new();
        for part in parts {
            let aliases = part.target.clone().unwrap_or_default();
            part.blocks.retain_mut(|block| {
                if block.kind == BlockKind::Provider {
                    block.name.clone_from(&aliases);
                    return true;
                }
                let key = (block.kind, block.of, block.name.clone());
                if given.contains_key(&key) {
                    return false;
                }
                let plain = hcl::identifier(&block.name);
                let mut name = plain.clone();
                let mut number = 1;
                while !taken.insert((block.kind, block.of, name.clone())) {
                    number += 1;
                    name = format!("{plain}_{number}");
                }
                given.insert(key, name);
                true
            });
        }
        Self(given)
    }

    fn name(&self, kind: BlockKind, of: &'static str, name: &str) -> Option<&str> {
        self.0.get(&(kind, of, name.to_owned())).map(String::as_str)
    }

    fn write(&self, block: &Block, alias: Option<&str>) -> String {
        let name = self.name(block.kind, block.of, &block.name).unwrap_or_default();
        let head = match block.kind {
            BlockKind::Resource => format!("resource \"{}\" \"{name}\"", block.of),
            BlockKind::Data => format!("data \"{}\" \"{name}\"", block.of),
            BlockKind::Provider => format!("provider \"{}\"", block.of),
            BlockKind::Variable => format!("variable \"{name}\""),
        };
        let of_aws = block.of.starts_with("aws");
        let mut pairs = Vec::new();
        match (block.kind, alias.filter(|_| of_aws)) {
            (BlockKind::Provider, Some(alias)) => pairs.push(("alias".to_owned(), hcl::quoted(alias))),
            (BlockKind::Resource | BlockKind::Data, Some(alias)) => {
                pairs.push(("provider".to_owned(), format!("aws.{alias}")));
            }
            _ => {}
        }
        let body = self.body(pairs, &block.body, 2);
        let remark = match comment(&block.remark) {
            remark if remark.is_empty() => String::new(),
            remark => format!("# {remark}\n"),
        };
        let mut out = if body.is_empty() {
            format!("{remark}{head} {{}}\n")
        } else {
            format!("{remark}{head} {{\n{body}}}\n")
        };
        if let Some(import) = &block.import {
            let pairs = [
                ("to".to_owned(), format!("{}.{name}", block.of)),
                ("id".to_owned(), self.term(import, 2)),
            ];
            out.push_str(&format!("\nimport {{\n{}}}\n", hcl::arguments(&pairs, 2)));
        }
        out
    }

    fn body(&self, mut pairs: Vec<Pair>, members: &[Member], indent: usize) -> String {
        let mut out = String::new();
        let flush = |pairs: &mut Vec<Pair>, out: &mut String| {
            if !pairs.is_empty() && !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&hcl::arguments(&std::mem::take(pairs), indent));
        };
        for member in members {
            match member {
                Member::Is(name, term) => pairs.push(((*name).to_owned(), self.term(term, indent))),
                Member::Has(name, inner) => {
                    flush(&mut pairs, &mut out);
                    let blank = if out.is_empty() { "" } else { "\n" };
                    let blanks = " ".repeat(indent);
                    let inner = self.body(Vec::new(), inner, indent + 2);
                    out.push_str(&format!("{blank}{blanks}{name} {{\n{inner}{blanks}}}\n"));
                }
            }
        }
        flush(&mut pairs, &mut out);
        out
    }

    fn term(&self, term: &Term, indent: usize) -> String {
        match term {
            Term::Text(text) => hcl::quoted(text),
            Term::Flag(flag) => flag.to_string(),
            Term::Word(word) => (*word).to_owned(),
            Term::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.term(item, indent + 2)).collect();
                hcl::list(&items, indent)
            }
            Term::Map(pairs) => {
                let pairs: Vec<Pair> = pairs
                    .iter()
                    .map(|(name, term)| (name.clone(), self.term(term, indent + 2)))
                    .collect();
                hcl::map(&pairs, indent)
            }
            Term::Json(value) => format!("jsonencode({})", hcl::json(value, indent)),
            Term::Of { or, .. } => self.reference(term).unwrap_or_else(|| hcl::quoted(or)),
            Term::First(set) => match self.reference(set) {
                Some(reference) => format!("tolist({reference})[0]"),
                None => self.term(set, indent),
            },
            Term::Variable(name) => format!("var.{}", self.variable(name)),
            Term::Base64(text) => format!("base64encode({})", hcl::quoted(text)),
            Term::Joined(parts) => {
                let parts: String = parts
                    .iter()
                    .map(|part| match part {
                        Term::Text(text) => hcl::escaped(text),
                        other => format!("${{{}}}", self.term(other, indent)),
                    })
                    .collect();
                format!("\"{parts}\"")
            }
        }
    }

    fn variable(&self, name: &str) -> &str {
        self.name(BlockKind::Variable, "", name).unwrap_or_default()
    }

    /// An attribute of another block, if that is written.
    fn reference(&self, term: &Term) -> Option<String> {
        let Term::Of {
            of, name, attribute, ..
        } = term
        else {
            return None;
        };
        if let Some(found) = self.name(BlockKind::Resource, of, name) {
            return Some(format!("{of}.{found}.{attribute}"));
        }
        let found = self.name(BlockKind::Data, of, name)?;
        Some(format!("data.{of}.{found}.{attribute}"))
    }
}
