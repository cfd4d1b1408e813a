//! `Theme`: what a tone looks like. The only place that knows a colour.
//!
//! A colour never means anything alone: whatever has a tone has a glyph and a word beside it.

use ratatui::style::{Color, Modifier, Style};

use crate::report::{
    clean::{clean, clean_ascii},
    words::{Look, Tone},
};

/// The colours that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// For dark terminals.
    #[default]
    Dark,
    /// For light terminals.
    Light,
    /// Black and white with the brightest of few colours.
    HighContrast,
    /// No colour at all: bold, underline and reverse only.
    None,
}

impl Palette {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::HighContrast, Self::None];

    /// Its name, as typed on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::None => "none",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|palette| palette.name() == name)
    }

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL
            .iter()
            .position(|palette| *palette == self)
            .unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// How everything looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    /// The colours.
    pub palette: Palette,
    /// Only characters that every terminal has.
    pub ascii: bool,
}

impl Theme {
    /// A theme of these colours.
    pub fn new(palette: Palette) -> Self {
        Self { palette, ascii: false }
    }

    /// A colour family.
    pub fn tone(&self, tone: Tone) -> Style {
        let style = Style::new();
        match self.palette {
            Palette::Dark => match tone {
                Tone::Quiet => style.fg(Color::Indexed(245)),
                Tone::Busy => style.fg(Color::Indexed(81)),
                Tone::Waiting => style.fg(Color::Indexed(110)),
                Tone::Call => style.fg(Color::Indexed(221)).add_modifier(Modifier::BOLD),
                Tone::Good => style.fg(Color::Indexed(114)),
                Tone::Note => style.fg(Color::Indexed(152)),
                Tone::Doubt => style.fg(Color::Indexed(215)),
                Tone::Bad => style.fg(Color::Indexed(203)).add_modifier(Modifier::BOLD),
            },
            Palette::Light => match tone {
                Tone::Quiet => style.fg(Color::Indexed(241)),
                Tone::Busy => style.fg(Color::Indexed(25)),
                Tone::Waiting => style.fg(Color::Indexed(61)),
                Tone::Call => style.fg(Color::Indexed(130)).add_modifier(Modifier::BOLD),
                Tone::Good => style.fg(Color::Indexed(22)),
                Tone::Note => style.fg(Color::Indexed(23)),
                Tone::Doubt => style.fg(Color::Indexed(94)),
                Tone::Bad => style.fg(Color::Indexed(124)).add_modifier(Modifier::BOLD),
            },
            Palette::HighContrast => match tone {
                Tone::Quiet => style,
                Tone::Busy | Tone::Waiting | Tone::Note => style.fg(Color::LightCyan),
                Tone::Call | Tone::Doubt => style.fg(Color::LightYellow).add_modifier(Modifier::BOLD),
                Tone::Good => style.fg(Color::LightGreen),
                Tone::Bad => style.fg(Color::LightRed).add_modifier(Modifier::BOLD),
            },
            Palette::None => match tone {
                Tone::Call | Tone::Bad => style.add_modifier(Modifier::BOLD),
                _ => style,
            },
        }
    }

    /// What need not be read: dim where a terminal can show that and still be read.
    pub fn quiet(&self) -> Style {
        self.tone(Tone::Quiet)
    }

    /// Running text.
    pub fn text(&self) -> Style {
        Style::new()
    }

    /// What is read first.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Keys, links and values to copy.
    pub fn accent(&self) -> Style {
        match self.palette {
            Palette::Dark => Style::new().fg(Color::Indexed(117)),
            Palette::Light => Style::new().fg(Color::Indexed(19)),
            Palette::HighContrast => Style::new().fg(Color::LightCyan).add_modifier(Modifier::BOLD),
            Palette::None => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// Where the keys go: the chosen line, the box in focus.
    pub fn focus(&self) -> Style {
        match self.palette {
            Palette::Dark => Style::new().bg(Color::Indexed(238)).add_modifier(Modifier::BOLD),
            Palette::Light => Style::new().bg(Color::Indexed(252)).add_modifier(Modifier::BOLD),
            Palette::HighContrast | Palette::None => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// Frames and rules.
    pub fn line(&self) -> Style {
        match self.palette {
            Palette::Dark => Style::new().fg(Color::Indexed(240)),
            Palette::Light => Style::new().fg(Color::Indexed(248)),
            Palette::HighContrast | Palette::None => Style::new(),
        }
    }

    /// The mark of a state or finding.
    pub fn glyph(&self, look: Look) -> &'static str {
        if self.ascii { look.ascii } else { look.glyph }
    }

    /// Text from outside, harmless; in ASCII only, where that is wanted.
    pub fn words<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        if self.ascii { clean_ascii(text) } else { clean(text) }
    }

    /// The mark of a cut.
    pub fn cut(&self) -> &'static str {
        self.either("…", "~")
    }

    /// What stands before something to choose.
    pub fn pointer(&self, chosen: bool) -> &'static str {
        match chosen {
            true => self.either("▸ ", "> "),
            false => "  ",
        }
    }

    /// One of two texts: with marks that some terminals lack, or without.
    pub fn either<'t>(&self, unicode: &'t str, ascii: &'t str) -> &'t str {
        if self.ascii { ascii } else { unicode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_palette_is_reached_and_found_by_name() {
        let mut palette = Palette::default();
        for _ in Palette::ALL {
            assert_eq!(Palette::named(palette.name()), Some(palette));
            palette = palette.next();
        }
        assert_eq!(palette, Palette::default());
    }

    #[test]
    fn without_colour_nothing_has_a_colour() {
        let theme = Theme::new(Palette::None);
        let tones = [
            Tone::Quiet,
            Tone::Busy,
            Tone::Waiting,
            Tone::Call,
            Tone::Good,
            Tone::Note,
            Tone::Doubt,
            Tone::Bad,
        ];
        let styles = tones.map(|tone| theme.tone(tone)).into_iter();
        let styles = styles.chain([theme.accent(), theme.focus(), theme.line(), theme.quiet()]);
        for style in styles {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
