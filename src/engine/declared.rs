//! `Declared`: what stands, as a declarative tool would say it. Steps tell it themselves; how it is written is between the tool's
//! document and nobody else.

use super::step::StepId;
use crate::fault::Text;

/// How what stands of a node is declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Declared {
    /// By these.
    As(Vec<Block>),
    /// By what another step declares.
    Within(StepId),
    /// It cannot be, and why.
    Not(Text),
    /// There is nothing to declare: it only looks.
    Nothing,
}

/// What kind of block it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Something that is managed from then on.
    Resource,
    /// Something that is only read: it was there before, or somebody else keeps it.
    Data,
    /// A cloud that is signed in to.
    Provider,
    /// A value that is not written down.
    Variable,
}

/// One block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What kind it is.
    pub kind: BlockKind,
    /// The type: `azuread_group`; empty for a variable.
    pub of: &'static str,
    /// What tells it from others of its type. Made into an identifier when it is written.
    pub name: String,
    /// A remark to stand before it.
    pub remark: Text,
    /// The id under which a resource that stands already is taken over.
    pub import: Option<Term>,
    /// What it says.
    pub body: Vec<Member>,
}

/// A member of a block.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// An argument.
    Is(&'static str, Term),
    /// A block in the block.
    Has(&'static str, Vec<Member>),
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// Text, as it is.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A list.
    List(Vec<Term>),
    /// A map.
    Map(Vec<(String, Term)>),
    /// A word of the language: `null`, `string`, an argument's name.
    Word(&'static str),
    /// The text of a JSON document.
    Json(serde_json::Value),
    /// An attribute of another block, and what it is where that block is not written.
    Of {
        /// Its type.
        of: &'static str,
        /// Its name.
        name: String,
        /// The attribute.
        attribute: &'static str,
        /// What the attribute is.
        or: String,
    },
    /// The first of a set that is an attribute of another block, with what it is.
    First(Box<Term>),
    /// A variable by name.
    Variable(String),
    /// Parts of one text.
    Joined(Vec<Term>),
    /// Text in Base64.
    Base64(String),
}

impl Term {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An attribute of another block, and what it is.
    pub fn of(of: &'static str, name: impl Into<String>, attribute: &'static str, or: impl Into<String>) -> Self {
        Self::Of {
            of,
            name: name.into(),
            attribute,
            or: or.into(),
        }
    }

    /// A list of texts.
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }
}

impl Block {
    fn new(kind: BlockKind, of: &'static str, name: impl Into<String>) -> Self {
        Self {
            kind,
            of,
            name: name.into(),
            remark: Text::Borrowed(""),
            import: None,
            body: Vec::new(),
        }
    }

    /// A resource, taken over under this id.
    pub fn resource(of: &'static str, name: impl Into<String>, import: impl Into<String>) -> Self {
        Self {
            import: Some(Term::text(import)),
            ..Self::new(BlockKind::Resource, of, name)
        }
    }

    /// A resource that cannot be taken over.
    pub fn fresh(of: &'static str, name: impl Into<String>) -> Self {
        Self::new(BlockKind::Resource, of, name)
    }

    /// Something that is only read.
    pub fn data(of: &'static str, name: impl Into<String>) -> Self {
        Self::new(BlockKind::Data, of, name)
    }

    /// A cloud that is signed in to.
    pub fn provider(of: &'static str) -> Self {
        Self::new(BlockKind::Provider, of, "")
    }

    /// A value that is given when it is needed, and never written down.
    pub fn variable(name: impl Into<String>, about: impl Into<String>, sensitive: bool) -> Self {
        let block = Self::new(BlockKind::Variable, "", name)
            .is("description", Term::text(about))
            .is("type", Term::Word("string"));
        if sensitive {
            block.is("sensitive", Term::Flag(true))
        } else {
            block
        }
    }

    /// Says an argument.
    #[must_use]
    pub fn is(mut self, name: &'static str, term: Term) -> Self {
        self.body.push(Member::Is(name, term));
        self
    }

    /// Says an argument whose value is text.
    #[must_use]
    pub fn says(self, name: &'static str, text: impl Into<String>) -> Self {
        self.is(name, Term::text(text))
    }

    /// Says an argument, if there is anything to say.
    #[must_use]
    pub fn says_if(self, name: &'static str, text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.says(name, text),
            None => self,
        }
    }

    /// Holds a block.
    #[must_use]
    pub fn has(mut self, name: &'static str, members: Vec<Member>) -> Self {
        self.body.push(Member::Has(name, members));
        self
    }

    /// Leaves these arguments as they are.
    #[must_use]
    pub fn leaves(self, arguments: &[&'static str]) -> Self {
        let words = arguments.iter().map(|name| Term::Word(name)).collect();
        self.has("lifecycle", vec![Member::Is("ignore_changes", Term::List(words))])
    }

    /// Says something to whoever reads it.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<Text>) -> Self {
        self.remark = remark.into();
        self
    }
}
