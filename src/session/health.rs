//! How a federation is looked after: token, certificates and provisioning job, read with a few calls and held against the
//! doctor's rules. `status`, `sync`, `watch` and the screen show the same.

use jiff::SignedDuration;

use super::Session;
use crate::{
    clients::{entra::synchronization::Job, retry},
    doctor::{
        Examined, Finding, Unread,
        credentials::certificates,
        evidence::{Application, Evidence, Token, Warn},
        examine_care,
        gather::gather_care,
    },
    engine::run::Run,
    report::{
        findings::{Blind, Row},
        health::{self, Certificate, Health, Phase},
    },
    steps::{Target, scim_token::TOKEN_LIFE},
};

impl Session {
    /// How these targets are now. What ends within `warn` is among the findings. Who does not answer is named after seconds.
    pub async fn health(
        &self,
        targets: &[&Target],
        warn: SignedDuration,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Vec<Health> {
        let mut all = Vec::new();
        for target in targets {
            let look = self.evidence_of(target, warn, progress);
            all.push(of(retry::under(retry::Policy::brief(), look).await));
        }
        all
    }

    /// What the rules about token, certificates and job need of a target.
    pub(super) async fn evidence_of(
        &self,
        target: &Target,
        warn: SignedDuration,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Evidence {
        let known = self.recorder.with_run(Run::clone);
        let mut evidence = gather_care(&self.world, target, &known, self.clock.now(), progress).await;
        evidence.warn = Warn(warn);
        evidence
    }
}

pub(super) fn of(evidence: Evidence) -> Health {
    let (target, now) = (evidence.target.clone(), evidence.now);
    let app = evidence.entra.application.as_ref();
    let token = token(evidence.aws.token, app.is_some_and(|app| app.has_token));
    let certificates = app.map(certificates_of).unwrap_or_default();
    let job = app.and_then(|app| app.job.as_ref()).map(job);
    let (findings, blind) = told(&examine_care(evidence));
    Health {
        target,
        at: now,
        token,
        certificates,
        job,
        findings,
        blind,
    }
}

fn token(token: Token, in_use: bool) -> Option<health::Token> {
    let made = match token {
        Token::None if !in_use => return None,
        Token::None | Token::UnknownAge => None,
        Token::Since(made) => Some(made),
    };
    Some(health::Token {
        made,
        ends: made.map(|made| made + TOKEN_LIFE),
        in_use,
    })
}

fn certificates_of(app: &Application) -> Vec<Certificate> {
    let preferred = app.principal.preferred_token_signing_key_thumbprint.as_deref();
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    certificates(&app.principal)
        .into_iter()
        .map(|(thumbprint, ends)| Certificate {
            signs: preferred.is_some_and(|preferred| same(preferred, &thumbprint)),
            given_to_aws: app
                .given_to_aws
                .as_ref()
                .map(|given| given.iter().any(|known| same(known, &thumbprint))),
            thumbprint,
            ends,
        })
        .collect()
}

fn job(job: &Job) -> health::Job {
    let status = job.status.clone().unwrap_or_default();
    let last = status.last_execution.clone().unwrap_or_default();
    let quarantine = status.quarantine.clone().unwrap_or_default();
    let error = quarantine.error.clone().unwrap_or_default();
    let why: Vec<String> = [quarantine.reason, error.code, error.message]
        .into_iter()
        .flatten()
        .collect();
    let code = job.code();
    let is = |word: &str| code.eq_ignore_ascii_case(word);
    let phase = if is("Quarantine") {
        Phase::Quarantine
    } else if is("NotConfigured") {
        Phase::NotConfigured
    } else if !job.is_on() {
        Phase::Paused
    } else if job.steady_since().is_none() {
        Phase::FirstCycle
    } else if job.is_running() {
        Phase::Cycle
    } else {
        Phase::Between
    };
    let progress = status.progress.first();
    let counts = status.synchronized_entry_count_by_type.iter();
    health::Job {
        id: job.id.clone(),
        state: code.to_owned(),
        phase,
        done: progress.and_then(|progress| progress.completed_units),
        total: progress.and_then(|progress| progress.total_units),
        interval_seconds: job.interval().map(|interval| interval.as_secs()),
        last_ended: last.time_ended,
        last_result: last.state,
        last_good: status.last_successful_execution.and_then(|good| good.time_ended),
        steady_since: job.steady_since(),
        next: job.next_cycle(),
        in_step: counts
            .filter_map(|count| Some((count.key.clone()?, count.value?)))
            .collect(),
        escrows: last.count_escrowed,
        quarantine: (phase == Phase::Quarantine).then(|| why.join(": ")),
        quarantined_since: job.quarantined_since(),
        help: status.troubleshooting_url.filter(|url| !url.is_empty()),
    }
}

/// What an examination came to, as it is told.
pub fn told(examined: &Examined) -> (Vec<Row>, Vec<Blind>) {
    let row = |finding: &Finding| Row {
        rule: finding.rule.id,
        severity: finding.rule.severity.word(),
        target: finding.target.clone(),
        step: finding.rule.step,
        side: finding.side.word(),
        object: finding.name.clone(),
        object_id: finding.id.clone(),
        title: finding.rule.title,
        detail: finding.detail.clone(),
        why: finding.rule.why,
        fix: finding.rule.fix,
        source: finding.rule.source,
    };
    let blind = |unread: &Unread| Blind {
        target: unread.target.clone(),
        side: unread.side.word(),
        object: unread.what.clone(),
        fault: unread.fault.clone(),
    };
    (
        examined.findings.iter().map(row).collect(),
        examined.unread.iter().map(blind).collect(),
    )
}
