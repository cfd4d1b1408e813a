//! A wait in words: why, for how long, when the next look is, when it gives up, and what ends it early.

use jiff::Timestamp;
use ratatui::text::Line;

use super::line::labelled;
use crate::{report::node::NodeView, tui::theme::Theme};

/// A time span in the two largest units that matter.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}:{:02} h", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// What the node waits for, or when it tries again. Nothing when it does neither.
pub fn wait_lines(theme: &Theme, node: &NodeView, now: Timestamp, columns: usize) -> Vec<Line<'static>> {
    let mut texts: Vec<(&str, String)> = Vec::new();
    if let Some(wait) = node.wait() {
        let mut text = format!("{}; so far {}", wait.why, span(seconds(wait.since, now)));
        if let Some(next) = wait.next {
            text.push_str(&format!(", next look in {}", span(seconds(now, next))));
        }
        if let Some(until) = wait.until {
            text.push_str(&format!(", gives up in {}", span(seconds(now, until))));
        }
        texts.push(("Waits", text));
        texts.push(("Ends", wait.ends_when.clone()));
    }
    if let Some((attempt, next)) = node.retry() {
        let mut text = format!("try {attempt} failed; again in {}", span(seconds(now, next)));
        if let Some(fault) = node.fault() {
            text.push_str(&format!(": {fault}"));
        }
        texts.push(("Again", text));
    }
    let lines = texts.iter();
    lines
        .flat_map(|(label, text)| labelled(theme, label, text, theme.text(), columns))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_their_units() {
        assert_eq!(span(-4), "0 s");
        assert_eq!(span(59), "59 s");
        assert_eq!(span(61), "1:01");
        assert_eq!(span(3720), "1:02 h");
        assert_eq!(span(90_000), "1 d 1 h");
    }
}
