//! Paint: a window of a picture on the screen, with the state of everything in it.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::{
    cells::{self, Over, Window},
    lines::Net,
    map::Map,
    picture::{self, Picture, Place},
    shape::{Kind, Shape},
    standing::{self, Standing, Standings, Through},
    text::{self, Pen},
};
use crate::{
    report::{clean::wrap_from, view::View, words::Tone},
    tui::theme::Theme,
};

/// What is painted from.
pub(super) struct Scene<'a> {
    pub map: &'a Map,
    pub shape: &'a Shape,
    pub picture: &'a Picture,
    pub view: &'a View,
    pub theme: &'a Theme,
    /// The box in focus.
    pub focus: Option<usize>,
    pub offset: (usize, usize),
}

/// How wide the margin with the phases is.
pub(super) fn margin(area: Rect) -> u16 {
    match area.width {
        0..30 => 0,
        30..60 => 4,
        60..100 => 14,
        _ => 17,
    }
}

/// The part of an area in which the picture itself is.
pub(super) fn canvas(area: Rect) -> Rect {
    let margin = margin(area);
    Rect {
        x: area.x + margin,
        width: area.width - margin,
        ..area
    }
}

impl Scene<'_> {
    pub(super) fn paint(&self, area: Rect, buf: &mut Buffer) {
        let canvas = canvas(area);
        if canvas.is_empty() {
            return;
        }
        let mut standings = Standings::new(self.map, self.shape, self.view);
        let (x, y) = self.offset;
        let (width, height) = (usize::from(canvas.width), usize::from(canvas.height));
        let mut window = Window::of(&self.picture.routes.lines, x, y, width, height);
        let forward = self.lay_ways(&mut window);
        self.paint_lines(&window, &mut standings, canvas, buf);
        let pen = Pen {
            area: canvas,
            offset: self.offset,
        };
        for card in self.picture.in_rows(y, y + height) {
            let place = self.picture.places[card];
            if place.x < x + width && place.x + place.width > x {
                self.paint_card(card, &mut standings, &forward, pen, buf);
            }
        }
        let beside = Rect {
            width: margin(area),
            ..area
        };
        let more = self.beyond(canvas);
        // What there is beyond the window is said in the last row: nothing else is written there.
        let words = Rect {
            height: beside.height - u16::from(!more.is_empty()),
            ..beside
        };
        self.paint_margin(beside, words, &standing::through(self.view), buf);
        let style = self.theme.quiet().add_modifier(Modifier::REVERSED);
        let more = text::fit(&more, usize::from(area.width), self.theme.ascii);
        buf.set_string(area.x, area.bottom() - 1, &more, style);
    }

    /// Lays the critical path and the lines of the box in focus over the window. Returns the boxes at their ends.
    fn lay_ways(&self, window: &mut Window) -> Vec<usize> {
        let routes = &self.picture.routes;
        for &wire in &self.picture.critical {
            window.lay(&routes.wires[wire].corners, Over::Heavy);
        }
        let mut ends = Vec::new();
        let Some(focus) = self.focus else { return ends };
        for (wires, forth) in [(&self.picture.leaving, true), (&self.picture.entering, false)] {
            let mut open = vec![focus];
            while let Some(card) = open.pop() {
                for &wire in &wires[card] {
                    let wire = &routes.wires[wire];
                    window.lay(&wire.corners, Over::Forward);
                    let end = if forth { wire.to } else { wire.from };
                    match self.shape.is_joint(end) {
                        true => open.push(end),
                        false => ends.push(end),
                    }
                }
            }
        }
        ends.sort_unstable();
        ends
    }

    fn paint_lines(&self, window: &Window, standings: &mut Standings<'_>, canvas: Rect, buf: &mut Buffer) {
        // Where no colour tells the lines of the box in focus from the others, the others are dotted.
        let dotted = self.focus.is_some() && self.theme.line() == Style::new();
        for y in 0..canvas.height {
            for x in 0..canvas.width {
                let cell = window.cell(window.x + usize::from(x), window.y + usize::from(y));
                let Some(net) = cell.net() else { continue };
                let style = match cell.is_forward() {
                    true => self.forward_style(),
                    false => self.line_style(net, standings),
                };
                let symbol = cell.symbol(self.theme.ascii);
                let symbol = if dotted && !cell.is_forward() {
                    cells::dotted(symbol)
                } else {
                    symbol
                };
                buf[(canvas.x + x, canvas.y + y)].set_symbol(symbol).set_style(style);
            }
        }
    }

    fn forward_style(&self) -> Style {
        Style {
            fg: self.theme.accent().fg,
            ..self.theme.strong()
        }
    }

    fn line_style(&self, net: Net, standings: &mut Standings<'_>) -> Style {
        let open = match net {
            Net::From(card) => standings.lets_go_on(card),
            Net::Into(card) => self.shape.before[card].iter().all(|&card| standings.lets_go_on(card)),
        };
        match open {
            true => self.theme.tone(Tone::Good),
            false => self.theme.line(),
        }
    }

    fn paint_card(&self, card: usize, standings: &mut Standings<'_>, forward: &[usize], pen: Pen, buf: &mut Buffer) {
        let place = self.picture.places[card];
        let y = self.picture.middle(card);
        let near = self.focus == Some(card) || forward.binary_search(&card).is_ok();
        self.paint_arrow(card, place, y, pen, buf);
        if self.shape.is_joint(card) {
            let style = self.line_style(Net::From(card), standings);
            pen.put(buf, place.x, y, self.theme.either("•", "o"), style);
            return;
        }
        let standing = standings.of(card);
        let focus = self.focus == Some(card);
        let base = match focus {
            true => self.theme.focus(),
            false => Style::new(),
        };
        let framed = self.picture.style == picture::Style::Boxes;
        let inner = if framed {
            self.frame(card, place, &standing, focus, pen, buf)
        } else {
            place
        };
        let look = standing.state.look();
        let name_style = match look.tone {
            Tone::Quiet if !near => self.theme.quiet(),
            Tone::Busy | Tone::Call | Tone::Bad => self.theme.strong(),
            _ if near => self.theme.strong(),
            _ => self.theme.text(),
        };
        let (left, right) = if focus && !framed { ("[", "]") } else { (" ", " ") };
        pen.fill(buf, inner.x, y, inner.width, base);
        pen.put(buf, inner.x, y, left, base.patch(self.theme.strong()));
        pen.put(
            buf,
            inner.x + 1,
            y,
            self.theme.glyph(look),
            base.patch(self.theme.tone(look.tone)),
        );
        let end = inner.x + inner.width - 1;
        pen.put(buf, end, y, right, base.patch(self.theme.strong()));
        let mut room = inner.width - picture::MARK;
        if let Kind::Crowd(crowd) = self.shape.cards[card].kind {
            let times = picture::times(self.map.crowds[crowd].nodes.len());
            room -= times.len() + picture::BAR;
            let at = end - times.len() - picture::BAR;
            let times = times.replace('x', self.theme.either("×", "x"));
            pen.put(buf, at, y, &times, base.patch(self.theme.quiet()));
            let bar = standing.bar(picture::BAR, self.theme.ascii);
            pen.put(
                buf,
                end - picture::BAR,
                y,
                &bar,
                base.patch(self.theme.tone(Tone::Good)),
            );
        }
        let name = match &self.shape.cards[card].kind {
            Kind::One(node) => self.map.names[*node].fit(room, self.theme.ascii),
            Kind::Crowd(crowd) => self.map.crowds[*crowd].name.fit(room, self.theme.ascii),
            Kind::Joint => String::new(),
        };
        pen.put(buf, inner.x + 3, y, &name, base.patch(name_style));
    }

    /// The arrow before a box; or after it, when the walk goes back.
    fn paint_arrow(&self, card: usize, place: Place, y: usize, pen: Pen, buf: &mut Buffer) {
        if self.shape.is_joint(card) {
            return;
        }
        let down = standing::goes_back(self.view);
        let (wires, x, arrow) = match down {
            false => (
                &self.picture.entering[card],
                place.x.wrapping_sub(1),
                self.theme.either("▶", ">"),
            ),
            true => (
                &self.picture.leaving[card],
                place.x + place.width,
                self.theme.either("◀", "<"),
            ),
        };
        if !wires.is_empty() {
            pen.swap(buf, x, y, arrow);
        }
    }

    /// The frame of a box, with the word of its state in it. Returns what is inside.
    fn frame(&self, card: usize, place: Place, standing: &Standing, focus: bool, pen: Pen, buf: &mut Buffer) -> Place {
        let [corners, level, upright] = match (self.theme.ascii, focus, self.shape.cards[card].critical) {
            (true, true, _) => ["####", "#", "#"],
            (true, false, true) => ["++++", "=", "|"],
            (true, false, false) => ["++++", "-", "|"],
            (false, true, _) => ["╔╗╚╝", "═", "║"],
            (false, false, true) => ["┏┓┗┛", "━", "┃"],
            (false, false, false) => ["╭╮╰╯", "─", "│"],
        };
        let corners: Vec<String> = corners.chars().map(String::from).collect();
        let look = standing.state.look();
        let style = match (focus, look.tone) {
            (true, _) => self.theme.accent().add_modifier(Modifier::BOLD),
            (false, Tone::Quiet) => self.theme.line(),
            (false, tone) => self.theme.tone(tone),
        };
        let line = level.repeat(place.width - 2);
        let right = place.x + place.width - 1;
        pen.put(
            buf,
            place.x,
            place.y,
            &format!("{}{line}{}", corners[0], corners[1]),
            style,
        );
        pen.put(
            buf,
            place.x,
            place.y + 2,
            &format!("{}{line}{}", corners[2], corners[3]),
            style,
        );
        pen.put(buf, place.x, place.y + 1, upright, style);
        pen.put(buf, right, place.y + 1, upright, style);
        let words = text::fit(&standing.words(self.theme), place.width - 6, self.theme.ascii);
        let words = format!(" {words} ");
        let at = right - 1 - text::width(&words);
        pen.put(buf, at, place.y + 2, &words, self.theme.tone(look.tone));
        Place {
            x: place.x + 1,
            width: place.width - 2,
            ..place
        }
    }

    /// The phases beside their rows. Titles stay in sight as long as any of their rows are.
    fn paint_margin(&self, margin: Rect, words: Rect, through: &[Through], buf: &mut Buffer) {
        let (top, bottom) = (self.offset.1, self.offset.1 + usize::from(margin.height));
        if margin.width == 0 {
            return;
        }
        let start = self.picture.lanes.partition_point(|lane| lane.to <= top);
        for (at, lane) in self.picture.lanes.iter().enumerate().skip(start) {
            if lane.from >= bottom {
                break;
            }
            let from = lane.from.max(top);
            let rail = self.theme.either("│", "|");
            for row in from..lane.to.min(bottom) {
                let y = margin.y + (row - top) as u16;
                buf.set_stringn(margin.right() - 2, y, rail, 1, self.theme.line());
            }
            // The empty rows below a phase may be written into.
            let next = self.picture.lanes.get(at + 1).map_or(lane.to + 2, |next| next.from);
            let end = next.min(self.offset.1 + usize::from(words.height));
            let lines = end.saturating_sub(from);
            if lines == 0 {
                break;
            }
            self.write_phase(
                lane.phase,
                through.get(lane.phase).copied().unwrap_or_default(),
                Rect {
                    y: margin.y + (from - top) as u16,
                    height: lines as u16,
                    ..margin
                },
                buf,
            );
        }
    }

    fn write_phase(&self, phase: usize, through: Through, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width).saturating_sub(3);
        let title = &self.map.phases[phase];
        let title = title.split_once(':').map_or(title.as_str(), |(title, _)| title);
        let count_style = self.theme.tone(through.tone());
        if room < 8 {
            buf.set_stringn(area.x, area.y, format!("{phase}"), room, self.theme.strong());
            return;
        }
        // A long word is cut, not broken.
        let words: Vec<String> = title
            .split(' ')
            .map(|word| text::fit(word, room - 2, self.theme.ascii))
            .collect();
        let mut lines = wrap_from(&format!("{phase} {}", words.join(" ")), room, room - 2);
        lines.truncate(usize::from(area.height).saturating_sub(1).max(1));
        let shown: usize = lines.iter().map(|line| line.split_whitespace().count()).sum();
        let all = title.split_whitespace().count() + 1;
        if let Some(last) = lines.last_mut() {
            let whole = if shown < all {
                format!("{last}{}", self.theme.either("…", "~"))
            } else {
                last.clone()
            };
            *last = text::fit(&whole, room, self.theme.ascii);
        }
        for (at, line) in lines.iter().enumerate() {
            let indent = if at > 0 { 2 } else { 0 };
            let style = self.theme.strong();
            buf.set_stringn(
                area.x + indent,
                area.y + at as u16,
                line,
                room - usize::from(indent),
                style,
            );
        }
        if lines.len() < usize::from(area.height) {
            buf.set_stringn(
                area.x + 2,
                area.y + lines.len() as u16,
                through.words(self.theme),
                room - 2,
                count_style,
            );
        }
    }

    /// How much there is outside of the window; nothing if all is in it.
    fn beyond(&self, canvas: Rect) -> String {
        let routes = &self.picture.routes;
        let beyond = |size: usize, offset: usize, shown: u16| size.saturating_sub(offset + usize::from(shown));
        let sides = [
            (self.offset.1, "↑", "^"),
            (beyond(routes.height, self.offset.1, canvas.height), "↓", "v"),
            (self.offset.0, "←", "<"),
            (beyond(routes.width, self.offset.0, canvas.width), "→", ">"),
        ];
        let words: Vec<String> = sides
            .iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, mark, ascii)| format!("{}{number}", self.theme.either(mark, ascii)))
            .collect();
        match words.as_slice() {
            [] => String::new(),
            words => format!(" {} ", words.join(" ")),
        }
    }
}
