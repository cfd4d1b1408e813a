//! A guide as text, in full: for a person at a terminal, and for worksheets.

use super::paper::{Paper, Style};
use crate::engine::guide::{Entry, Guide};

/// The guide in full: what changes, numbered instructions, values to copy, what to bring back, and the way back.
///
/// Values stand on lines of their own and are never wrapped, so that they can be selected and copied.
pub fn guide_text(guide: &Guide, style: Style) -> String {
    let mut out = Vec::new();
    write(guide, style, &mut out).expect("writing to memory does not fail");
    String::from_utf8(out).expect("only text was written")
}

fn write(guide: &Guide, style: Style, out: &mut Vec<u8>) -> std::io::Result<()> {
    let unbroken = Style { width: None, ..style };
    Paper::new(&mut *out, style).say(0, &guide.title, Some(super::words::Tone::Call))?;
    let mut paper = Paper::new(&mut *out, style);
    if !guide.consequences.is_empty() {
        paper.say(2, &guide.consequences, None)?;
    }
    if !guide.way_back.is_empty() {
        paper.hang(2, "Way back: ", &guide.way_back, None)?;
    }
    if let Some(link) = &guide.link {
        paper.blank()?;
        Paper::new(&mut *out, unbroken).hang(2, "Open ", link, None)?;
    }
    if !guide.say.is_empty() {
        let mut paper = Paper::new(&mut *out, style);
        paper.blank()?;
        let digits = guide.say.len().to_string().len();
        for (number, text) in guide.say.iter().enumerate() {
            paper.hang(2, &format!("{:>digits$}  ", number + 1), text, None)?;
        }
    }
    if !guide.values.is_empty() {
        let mut paper = Paper::new(&mut *out, unbroken);
        paper.blank()?;
        paper.say(2, "Values to copy", None)?;
        for (label, value) in &guide.values {
            paper.say(4, label, None)?;
            paper.say(6, value, None)?;
        }
    }
    if !guide.fields.is_empty() {
        let mut paper = Paper::new(&mut *out, style);
        paper.blank()?;
        paper.say(2, "To bring back", None)?;
        for field in &guide.fields {
            let entry = match field.entry {
                Entry::Line => "",
                Entry::File => ", a file",
                Entry::Secret => ", typed without being shown",
            };
            let optional = if field.optional { ", may be left out" } else { "" };
            paper.say(4, &format!("{} (`{}`{entry}{optional})", field.label, field.key), None)?;
            if !field.hint.is_empty() {
                paper.say(6, &field.hint, None)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn a_guide_is_told_in_full() {
        let style = Style {
            width: Some(60),
            ..Style::default()
        };
        insta::assert_snapshot!(guide_text(&testing::guide(), style), @r#"
        Make Entra ID the identity source
          Signing in through Entra starts the moment you confirm.
          Way back: Actions › Change identity source › Identity
                    Center directory

          Open https://console.aws.amazon.com/singlesignon/home

          1  Settings › Identity source › Actions › Change identity
             source
          2  Next, type ACCEPT, Change identity source

          Values to copy
            IdP metadata
              https://login.microsoftonline.com/0f3c0a57-0000-4000-8000-000000000000/federationmetadata/2007-06/federationmetadata.xml?appid=1

          To bring back
            SCIM endpoint (`endpoint`)
              https://scim.REGION.amazonaws.com/ID/scim/v2
            Access token (`token`, typed without being shown, may be
            left out)
              shown once
        "#);
    }

    #[test]
    fn a_guide_cannot_act_on_the_terminal() {
        let guide = Guide::new("a\u{1b}[2J").say("b\u{202e}").value("c", "d\u{9b}");
        let text = guide_text(&guide, Style::default());
        assert!(!text.contains(|c| c != '\n' && super::super::clean::acts(c)));
        let style = Style {
            ascii: true,
            ..Style::default()
        };
        assert!(guide_text(&guide, style).is_ascii());
    }
}
