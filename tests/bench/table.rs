//! The table that is printed: what, measured, target, ratio, and whether it is reached.

use crate::machine;

/// The load above which a time says more about the neighbours than about the program.
const BUSY: f64 = 1.5;

/// How a value reads.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Millis,
    Percent,
    Mebibytes,
    Bytes,
    Calls,
    Times,
}

impl Unit {
    fn words(self, value: f64) -> String {
        match self {
            Self::Millis if value < 10.0 => format!("{value:.2} ms"),
            Self::Millis => format!("{value:.0} ms"),
            Self::Percent => format!("{value:.2} %"),
            Self::Mebibytes => format!("{value:.0} MiB"),
            Self::Bytes => format!("{value:.0} bytes"),
            Self::Calls => format!("{value:.0} calls"),
            Self::Times => format!("{value:.2} ×"),
        }
    }
}

/// One row.
struct Row {
    what: String,
    measured: f64,
    target: Option<f64>,
    unit: Unit,
    beside: String,
    /// Whether it comes out the same on every machine: then being over is a mistake.
    counted: bool,
}

impl Row {
    fn is_over(&self) -> bool {
        self.target.is_some_and(|target| self.measured > target)
    }
}

/// Rows as they come in.
pub struct Table {
    load: f64,
    rows: Vec<Row>,
}

impl Table {
    /// Nothing is measured yet.
    pub fn begin() -> Self {
        Self {
            load: machine::load().unwrap_or(0.0),
            rows: Vec::new(),
        }
    }

    /// What follows is about this; said on standard error, because some of it takes a while.
    pub fn group(&mut self, name: &str) {
        eprintln!("measuring: {name}");
        self.load = self.load.max(machine::load().unwrap_or(0.0));
    }

    /// A value with what it should be at most; `beside` says what was measured in the same run to compare it with.
    pub fn row(&mut self, what: impl Into<String>, unit: Unit, measured: f64, target: f64, beside: impl Into<String>) {
        self.push(what.into(), unit, measured, Some(target), beside.into(), false);
    }

    /// The same for what is counted, and so does not depend on the machine: over the target, the bench fails.
    pub fn count(
        &mut self,
        what: impl Into<String>,
        unit: Unit,
        measured: f64,
        target: f64,
        beside: impl Into<String>,
    ) {
        self.push(what.into(), unit, measured, Some(target), beside.into(), true);
    }

    /// A value without a target, to compare others with.
    pub fn note(&mut self, what: impl Into<String>, unit: Unit, measured: f64, beside: impl Into<String>) {
        self.push(what.into(), unit, measured, None, beside.into(), false);
    }

    fn push(&mut self, what: String, unit: Unit, measured: f64, target: Option<f64>, beside: String, counted: bool) {
        eprintln!("  {what}: {}", unit.words(measured));
        self.rows.push(Row {
            what,
            measured,
            target,
            unit,
            beside,
            counted,
        });
    }

    /// Prints it, as Markdown. Says whether everything that is counted is within its target.
    pub fn end(self) -> bool {
        let head = ["what", "measured", "target", "ratio", "", "beside it, in the same run"].map(str::to_owned);
        let mut lines = vec![head];
        for row in &self.rows {
            let (target, ratio, verdict) = match row.target {
                Some(target) => {
                    let ratio = if target > 0.0 {
                        format!("{:.2}", row.measured / target)
                    } else {
                        "–".to_owned()
                    };
                    let verdict = if row.is_over() { "over" } else { "ok" };
                    (format!("≤ {}", row.unit.words(target)), ratio, verdict)
                }
                None => ("–".to_owned(), "–".to_owned(), ""),
            };
            lines.push([
                row.what.clone(),
                row.unit.words(row.measured),
                target,
                ratio,
                verdict.to_owned(),
                row.beside.clone(),
            ]);
        }
        let mut widths = [0; 6];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        println!("{}", machine::name());
        let load = self.load.max(machine::load().unwrap_or(0.0));
        let busy = if load > BUSY {
            ": others were at work, and times are longer than they need be"
        } else {
            ""
        };
        println!("load up to {load:.1} while measuring{busy}\n");
        for (at, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
                .collect();
            println!("| {} |", cells.join(" | "));
            if at == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "-".repeat((*width).max(3))).collect();
                println!("| {} |", rule.join(" | "));
            }
        }
        !self.rows.iter().any(|row| row.counted && row.is_over())
    }
}
