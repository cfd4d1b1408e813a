//! Paging: tokens that are bound to the call they were handed out for.

use std::collections::BTreeMap;

use super::{http::Request, world::World};

/// What the tokens handed out so far stand for.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    open: BTreeMap<String, Place>,
    made: u64,
}

#[derive(Debug, Clone)]
struct Place {
    list: String,
    after: String,
}

/// A token that was not handed out for this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadToken;

impl World {
    /// One page of a list of `(key, item)`, in the order of its keys, and the token of the next.
    ///
    /// `list` names the call with all that must stay the same from page to page. A token stands for the last key seen, so
    /// that what is added or removed meanwhile shifts nothing. With `must_finish`, a page that is offered and never fetched
    /// is a violation.
    pub fn page<T>(
        &mut self,
        request: &Request,
        list: &str,
        mut items: Vec<(String, T)>,
        size: usize,
        token: Option<&str>,
        must_finish: bool,
    ) -> Result<(Vec<T>, Option<String>), BadToken> {
        let after = self.page_begins(request, list, token, must_finish)?;
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut rest = items
            .into_iter()
            .skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after))
            .peekable();
        let mut last = String::new();
        let mut page = Vec::new();
        while page.len() < size
            && let Some((key, item)) = rest.next()
        {
            last = key;
            page.push(item);
        }
        if rest.peek().is_none() {
            return Ok((page, None));
        }
        Ok((page, Some(self.page_ends(request, list, last, must_finish))))
    }

    /// The key after which the page of this token begins; none for the first page.
    pub fn page_begins(
        &mut self,
        request: &Request,
        list: &str,
        token: Option<&str>,
        must_finish: bool,
    ) -> Result<Option<String>, BadToken> {
        let Some(token) = token else {
            if must_finish {
                self.ledger.list_started(list, request.at);
            }
            return Ok(None);
        };
        let place = self.pages.open.get(token).filter(|place| place.list == list);
        let after = place.ok_or(BadToken)?.after.clone();
        self.ledger.page_used(token);
        Ok(Some(after))
    }

    /// The token of the page that begins after this key.
    pub fn page_ends(&mut self, request: &Request, list: &str, last: String, must_finish: bool) -> String {
        self.pages.made += 1;
        // Long and without meaning, as the vendors' are; never a secret.
        let token = format!(
            "{:016x}{:016x}",
            self.pages.made.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.seed,
            self.pages.made
        );
        self.pages.open.insert(
            token.clone(),
            Place {
                list: list.to_owned(),
                after: last,
            },
        );
        if must_finish {
            self.ledger.page_given(list, &token, request.connection);
        }
        token
    }
}
