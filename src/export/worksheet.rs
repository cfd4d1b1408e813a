//! The worksheet: the walk as a document for people who do it by hand, with the values known so far. Steps tell it themselves,
//! in [`crate::engine::step::Step::by_hand`]; a step that has no words of its own is told by what it is, and where to read more.

use super::{
    Format,
    document::{Document, Line},
    html, markdown,
};
use crate::{
    engine::{
        any::AnyStep,
        graph::{Graph, Node, NodeIx},
        guide::{Entry, Guide},
        known::{ByHand, Known},
        run::Run,
        step::{About, Effect, World},
    },
    profile::Profile,
    report::words,
};

/// Which way the sheet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Setting up, and after it the way back.
    Both,
    /// Only the way back.
    Down,
}

/// The sheet for this graph, with what the facts say stands.
pub fn write<W: World>(profile: &Profile, graph: &Graph<W>, world: &W, run: &Run, way: Way, format: Format) -> String {
    let sheet = Sheet { graph, world, run };
    let document = sheet.document(profile, way);
    match format {
        Format::Markdown => markdown::write(&document, false),
        Format::Html => html::write(&document, false),
    }
}

struct Sheet<'s, W: World> {
    graph: &'s Graph<W>,
    world: &'s W,
    run: &'s Run,
}

/// The nodes of one step for one target, which are told together.
struct Group<'s, W: World> {
    first: &'s Node<W>,
    nodes: Vec<&'s Node<W>>,
}

impl<'s, W: World> Sheet<'s, W> {
    fn document(&self, profile: &Profile, way: Way) -> Document {
        let title = match way {
            Way::Both => format!("Worksheet for the federation {}", profile.federation),
            Way::Down => format!("Worksheet for taking back the federation {}", profile.federation),
        };
        let mut document = Document::new(title);
        document.say(Line::new().text("Microsoft Entra tenant ").code(&profile.entra.tenant).text(
            ". Do the steps in order; each is done when its proof is seen. Values stand where they are known by now: from the profile, \
             and from the journal of what fedwiz has done.",
        ));
        document.say(Line::new().ours(
            "What only a look can tell is not here: whether it still stands, and what others changed since. `fedwiz check` looks. \
             Tokens and passwords are never on this sheet.",
        ));
        if way == Way::Both {
            let groups = self.groups(self.graph.indices().filter(|ix| !self.graph.node(*ix).forgotten));
            document.heading(2, "Set-up");
            self.tell_all(&groups, &mut document, true);
        }
        // What is ours, or, before anything was done, what would be.
        let begun = self.graph.nodes().iter().any(|node| self.run.node(&node.id).is_some());
        let back = self.graph.indices().rev().filter(|ix| {
            let node = self.graph.node(*ix);
            node.about.effect == Effect::Changes
                && !self.only_goes_up(node)
                && (!begun || self.run.node(&node.id).is_some_and(|known| known.may_be_ours()))
        });
        let groups = self.groups(back);
        document.heading(2, "Taking it back");
        if groups.is_empty() {
            document.say("There is nothing to take back.");
        } else {
            document.say("The other way round. What was there before the set-up stays, and is not listed.");
        }
        self.tell_all(&groups, &mut document, false);
        document
    }

    /// Nodes in this order, those of one step, target and phase together where the first of them stands.
    fn groups(&self, order: impl Iterator<Item = NodeIx>) -> Vec<Group<'s, W>> {
        let mut groups: Vec<Group<'s, W>> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for ix in order {
            let node = self.graph.node(ix);
            let key = (node.phase, node.id.step.clone(), node.id.target.clone());
            let place = *places.entry(key).or_insert_with(|| {
                groups.push(Group {
                    first: node,
                    nodes: Vec::new(),
                });
                groups.len() - 1
            });
            groups[place].nodes.push(node);
        }
        groups
    }

    fn tell_all(&self, groups: &[Group<'s, W>], document: &mut Document, up: bool) {
        let mut phase = None;
        for (number, group) in groups.iter().enumerate() {
            if up && phase != Some(group.first.phase) {
                phase = Some(group.first.phase);
                let chapter = &self.graph.chapters()[group.first.phase];
                document.heading(3, chapter.title);
                document.say(chapter.aim);
            }
            self.tell(number + 1, group, document, up);
        }
    }

    fn tell(&self, number: usize, group: &Group<'s, W>, document: &mut Document, up: bool) {
        let about = group.first.about;
        let heading = Line::new().text(if up {
            format!("{number}. {}", about.title)
        } else {
            format!("{number}. Undo: {}", about.title)
        });
        document.heading(
            4,
            match &group.first.id.target {
                Some(target) => heading.text(" (").text(target).text(")"),
                None => heading,
            },
        );
        let step = group.first.step;
        let told: Vec<(&Node<W>, Vec<Guide>)> = group
            .nodes
            .iter()
            .map(|node| {
                let ByHand { up: there, down: back } = self.by_hand(step, node);
                (*node, if up { there } else { back })
            })
            .collect();
        document.say(if up { about.why } else { about.undo });
        self.instructions(&about, &told[0].1, document, up);
        self.values(&told, document);
        if up {
            document.say(Line::new().strong("Done when:").text(" ").text(about.proof));
            document.say(Line::new().text("Read more: ").link(about.read_more));
        }
    }

    /// Whether people do it by hand, and nobody takes it back.
    fn only_goes_up(&self, node: &Node<W>) -> bool {
        let by_hand = self.by_hand(node.step, node);
        !by_hand.up.is_empty() && by_hand.down.is_empty()
    }

    fn by_hand(&self, step: &dyn AnyStep<W>, node: &Node<W>) -> ByHand {
        let target = node.target.as_deref().unwrap_or_default();
        step.by_hand(&Known::new(self.world, self.run, &node.id, target))
    }

    fn instructions(&self, about: &About, guides: &[Guide], document: &mut Document, up: bool) {
        if guides.is_empty() && up && about.effect == Effect::Changes {
            document.say(Line::new().ours(&format!(
                "`fedwiz apply --only {}` does this; by hand, the page below says how.",
                about.id
            )));
        }
        for guide in guides {
            if guides.len() > 1 {
                document.say(Line::new().strong(&guide.title));
            }
            if !guide.consequences.is_empty() {
                document.say(Line::new().strong("What changes:").text(" ").text(&guide.consequences));
            }
            let open = guide.link.iter().map(|link| Line::new().text("Open ").link(link));
            let say = guide.say.iter().map(|said| Line::from(said.clone()));
            document.steps(open.chain(say).collect());
            if !guide.way_back.is_empty() {
                document.say(Line::new().strong("Way back:").text(" ").text(&guide.way_back));
            }
            document.points(
                guide
                    .fields
                    .iter()
                    .map(|field| match field.entry {
                        Entry::Secret => {
                            Line::new().text(format!("{}: to be kept where secrets are kept, not here", field.label))
                        }
                        Entry::Line | Entry::File => Line::new()
                            .text(format!("{}: ", field.label))
                            .code("                    "),
                    })
                    .collect(),
            );
        }
    }

    /// The values: of a single item as a list, of several as one table.
    fn values(&self, told: &[(&Node<W>, Vec<Guide>)], document: &mut Document) {
        let state = |node: &Node<W>| {
            let standing = self.run.node(&node.id).and_then(|known| known.standing.as_ref());
            match standing {
                Some(standing) if standing.unproven => "unproven".to_owned(),
                Some(standing) => words::how(standing.how).to_owned(),
                None => "open".to_owned(),
            }
        };
        if let [(node, guides)] = told {
            let values = guides.iter().flat_map(|guide| &guide.values);
            let mut rows: Vec<Vec<Line>> = Vec::new();
            for (label, value) in values {
                let row = vec![Line::from(label.clone()), Line::new().code(value)];
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
            document.table(vec!["Value", ""], rows);
            document.say(Line::new().text("State by the journal: ").text(state(node)).text("."));
            return;
        }
        let rows = told.iter().map(|(node, guides)| {
            let mut line = Line::new();
            for (at, (label, value)) in guides.iter().flat_map(|guide| &guide.values).enumerate() {
                line = line
                    .text(if at == 0 {
                        format!("{label} ")
                    } else {
                        format!("; {label} ")
                    })
                    .code(value);
            }
            vec![Line::new().code(&node.item.key), line, state(node).into()]
        });
        document.table(vec!["For each of", "Values", "State by the journal"], rows.collect());
    }
}
