//! The simulated clock: either real time run faster, or discrete events that take no time at all.
//!
//! In stepped mode the clock counts who is at work. `sleep` gives the sleeper's share back; when nobody is left at work
//! the clock jumps to the earliest deadline and wakes exactly that sleeper, which is at work again. So at any moment one
//! thing runs, in an order that depends on nothing but deadlines and the order of calls: a walk over both clouds is the
//! same each time, and a forty-minute provisioning cycle passes at once.
//!
//! The count may fall below zero: a client outside this process holds no share of its own, and the server's handler
//! that sleeps for it gives one back all the same. Whatever sleeps is then woken at once, one after the other.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

/// How simulated time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// Simulated time is real time multiplied by `speed`.
    Realtime {
        /// Simulated seconds per real second.
        speed: f64,
    },
    /// Simulated time jumps from deadline to deadline. With a speed, each jump really takes `jump / speed`.
    Stepped {
        /// Simulated seconds per real second, or nothing to take no time at all.
        speed: Option<f64>,
    },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Stepped { speed: None }
    }
}

/// A clock shared by everything inside one simulation.
#[derive(Clone)]
pub struct SimClock(Arc<Inner>);

struct Inner {
    mode: Mode,
    start: Timestamp,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    /// How many are at work.
    busy: i64,
    next: u64,
    sleepers: BTreeMap<Key, Sleeper>,
    /// How many of the sleepers make time pass.
    foreground: usize,
    /// A real wait for the next deadline is under way.
    pacing: bool,
}

/// Deadline first, then order of calls.
type Key = (Timestamp, u64);

struct Sleeper {
    waker: Option<Waker>,
    /// Background work does not make time pass: it is woken only while someone else waits for a later moment.
    background: bool,
}

impl SimClock {
    /// A clock that begins at `start`.
    pub fn new(mode: Mode, start: Timestamp) -> Self {
        let state = State {
            now: start,
            busy: 0,
            next: 0,
            sleepers: BTreeMap::new(),
            foreground: 0,
            pacing: false,
        };
        Self(Arc::new(Inner {
            mode,
            start,
            started: Instant::now(),
            state: Mutex::new(state),
        }))
    }

    /// How time passes here.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// The simulated time now.
    pub fn now(&self) -> Timestamp {
        match self.0.mode {
            Mode::Realtime { speed } => {
                let passed = SignedDuration::try_from_secs_f64(self.0.started.elapsed().as_secs_f64() * speed);
                self.0.start + passed.unwrap_or(SignedDuration::ZERO)
            }
            Mode::Stepped { .. } => self.lock().now,
        }
    }

    /// Waits for this long in simulated time. Gives the caller's share back for as long as it sleeps.
    pub fn sleep(&self, time: Duration) -> SimSleep {
        SimSleep::new(self.clone(), time, false)
    }

    /// Like [`SimClock::sleep`], for background work: time does not pass for it alone, so a world nobody waits for
    /// stands still.
    pub fn nap(&self, time: Duration) -> SimSleep {
        SimSleep::new(self.clone(), time, true)
    }

    /// Says that work is going on until the guard is dropped.
    pub fn busy(&self) -> SimBusy {
        if let Mode::Stepped { .. } = self.0.mode {
            self.lock().busy += 1;
        }
        SimBusy(self.clone())
    }

    /// Lines a new task up at this moment: called by whoever spawns it, awaited first thing inside it.
    pub fn line_up(&self) -> SimLineUp {
        let key = matches!(self.0.mode, Mode::Stepped { .. }).then(|| {
            let mut state = self.lock();
            let now = state.now;
            state.register(now, false)
        });
        self.advance();
        SimLineUp {
            clock: self.clone(),
            key,
        }
    }

    /// Shows another time from now on. Only while nobody waits for a moment that would then lie elsewhere.
    pub(super) fn set(&self, now: Timestamp) {
        let mut state = self.lock();
        debug_assert!(state.sleepers.is_empty(), "somebody sleeps by the old time");
        state.now = now;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives one share back, and moves on if nobody is left at work.
    fn release(&self) {
        self.lock().busy -= 1;
        self.advance();
    }

    /// While nobody is at work and somebody waits, wakes the earliest sleeper.
    fn advance(&self) {
        let Mode::Stepped { speed } = self.0.mode else { return };
        let mut wake = Vec::new();
        {
            let mut state = self.lock();
            while !state.pacing && state.may_advance() {
                let (&key, _) = state.sleepers.first_key_value().expect("may_advance saw a sleeper");
                match speed {
                    Some(speed) if key.0 > state.now && Handle::try_current().is_ok() => {
                        let jump = Duration::try_from(key.0.duration_since(state.now)).unwrap_or_default();
                        state.pacing = true;
                        self.pace(
                            jump.div_f64(speed.max(f64::MIN_POSITIVE))
                                .min(Duration::from_secs(86_400)),
                        );
                    }
                    _ => wake.extend(state.wake_first()),
                }
            }
        }
        // Outside the lock: a waker may run other code at once.
        wake.into_iter().for_each(Waker::wake);
    }

    /// Lets the jump to the next deadline take real time.
    fn pace(&self, real: Duration) {
        let clock = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(real).await;
            let woken = {
                let mut state = clock.lock();
                state.pacing = false;
                if state.may_advance() { state.wake_first() } else { None }
            };
            if let Some(waker) = woken {
                waker.wake();
            }
            clock.advance();
        });
    }
}

impl State {
    fn register(&mut self, at: Timestamp, background: bool) -> Key {
        self.next += 1;
        let key = (at, self.next);
        self.sleepers.insert(
            key,
            Sleeper {
                waker: None,
                background,
            },
        );
        self.foreground += usize::from(!background);
        key
    }

    /// Takes a sleeper out before its time. False if it had been woken already.
    fn cancel(&mut self, key: Key) -> bool {
        let sleeper = self.sleepers.remove(&key);
        self.foreground -= usize::from(sleeper.as_ref().is_some_and(|s| !s.background));
        sleeper.is_some()
    }

    fn may_advance(&self) -> bool {
        self.busy <= 0 && self.foreground > 0
    }

    /// Moves to the earliest deadline; its sleeper is at work from now on.
    fn wake_first(&mut self) -> Option<Waker> {
        let ((at, _), sleeper) = self.sleepers.pop_first()?;
        self.now = self.now.max(at);
        self.foreground -= usize::from(!sleeper.background);
        self.busy += 1;
        sleeper.waker
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimClock({:?}, {})", self.0.mode, self.now())
    }
}

/// Held by whoever is at work.
pub struct SimBusy(SimClock);

impl fmt::Debug for SimBusy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimBusy")
    }
}

impl Drop for SimBusy {
    fn drop(&mut self) {
        if let Mode::Stepped { .. } = self.0.0.mode {
            self.0.release();
        }
    }
}

/// A sleep in simulated time.
pub struct SimSleep {
    clock: SimClock,
    time: Duration,
    background: bool,
    stage: Stage,
}

enum Stage {
    New,
    Waiting(Key),
    Real(Pin<Box<tokio::time::Sleep>>),
    Over,
}

impl SimSleep {
    fn new(clock: SimClock, time: Duration, background: bool) -> Self {
        Self {
            clock,
            time,
            background,
            stage: Stage::New,
        }
    }
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::New => match this.clock.0.mode {
                    Mode::Realtime { speed } => {
                        let real = this
                            .time
                            .div_f64(speed.max(f64::MIN_POSITIVE))
                            .min(Duration::from_secs(86_400));
                        this.stage = Stage::Real(Box::pin(tokio::time::sleep(real)));
                    }
                    Mode::Stepped { .. } => {
                        {
                            let mut state = this.clock.lock();
                            let at = state.now + SignedDuration::try_from(this.time).unwrap_or(SignedDuration::MAX);
                            let key = state.register(at, this.background);
                            // Set before anyone can wake it.
                            state.sleepers.get_mut(&key).expect("registered above").waker = Some(cx.waker().clone());
                            state.busy -= 1;
                            this.stage = Stage::Waiting(key);
                        }
                        this.clock.advance();
                    }
                },
                Stage::Real(sleep) => return sleep.as_mut().poll(cx),
                Stage::Waiting(key) => {
                    let mut state = this.clock.lock();
                    if let Some(sleeper) = state.sleepers.get_mut(key) {
                        sleeper.waker = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    drop(state);
                    this.stage = Stage::Over;
                }
                Stage::Over => return Poll::Ready(()),
            }
        }
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        // A cancelled sleeper takes its share back, as if it had been woken.
        if let Stage::Waiting(key) = self.stage {
            let mut state = self.clock.lock();
            if state.cancel(key) {
                state.busy += 1;
            }
        }
    }
}

/// A place in the line; ends with the task's share.
pub struct SimLineUp {
    clock: SimClock,
    key: Option<Key>,
}

impl Future for SimLineUp {
    type Output = SimBusy;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SimBusy> {
        if let Some(key) = self.key {
            let mut state = self.clock.lock();
            if let Some(sleeper) = state.sleepers.get_mut(&key) {
                sleeper.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        self.key = None;
        // Waking gave the share; the guard gives it back.
        Poll::Ready(SimBusy(self.clock.clone()))
    }
}

impl Drop for SimLineUp {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let woken = !self.clock.lock().cancel(key);
            if woken {
                self.clock.release();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn clock() -> SimClock {
        SimClock::new(Mode::default(), "2026-01-05T09:00:00Z".parse().unwrap())
    }

    fn passed(clock: &SimClock) -> i64 {
        (clock.now() - clock.0.start).total(jiff::Unit::Second).unwrap() as i64
    }

    #[tokio::test]
    async fn a_sleep_takes_no_real_time() {
        let clock = clock();
        let _busy = clock.busy();
        clock.sleep(Duration::from_secs(2400)).await;
        assert_eq!(passed(&clock), 2400);
        assert_eq!(clock.lock().busy, 1);
    }

    #[test]
    fn work_side_by_side_runs_in_one_order_on_several_threads() {
        let order = || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap();
            runtime.block_on(async {
                let clock = clock();
                let log = Arc::new(Mutex::new(Vec::new()));
                let busy = clock.busy();
                let tasks: Vec<_> = (0..20u64)
                    .map(|n| {
                        let (clock, log, turn) = (clock.clone(), log.clone(), clock.line_up());
                        tokio::spawn(async move {
                            let _busy = turn.await;
                            for round in 0..5u64 {
                                log.lock().unwrap().push((n, round));
                                clock.sleep(Duration::from_secs((n * 7 + round * 3) % 5)).await;
                            }
                        })
                    })
                    .collect();
                drop(busy);
                for task in tasks {
                    task.await.unwrap();
                }
                let log = log.lock().unwrap().clone();
                (log, passed(&clock), clock.lock().busy)
            })
        };
        let first = order();
        assert_eq!(first.2, 0);
        for _ in 0..20 {
            assert_eq!(order(), first);
        }
    }

    fn count(clock: &SimClock) -> (i64, usize) {
        let state = clock.lock();
        (state.busy, state.sleepers.len())
    }

    #[tokio::test]
    async fn a_cancelled_sleeper_takes_its_share_back() {
        let clock = clock();
        let (_mine, _other) = (clock.busy(), clock.busy());
        {
            let mut long = std::pin::pin!(clock.sleep(Duration::from_secs(100)));
            assert!(futures_util::poll!(&mut long).is_pending());
            assert_eq!(count(&clock), (1, 1));
        }
        assert_eq!(count(&clock), (2, 0));
        assert_eq!(passed(&clock), 0);
    }

    #[tokio::test]
    async fn a_place_in_the_line_given_up_leaves_nothing_behind() {
        let clock = clock();
        let busy = clock.busy();
        drop(clock.line_up());
        assert_eq!(count(&clock), (1, 0));
        let woken = clock.line_up();
        drop(busy);
        assert_eq!(count(&clock), (1, 0));
        drop(woken);
        assert_eq!(count(&clock), (0, 0));
    }

    #[tokio::test]
    async fn a_client_without_a_share_is_served_and_leaves_none_behind() {
        let clock = clock();
        // The first is woken at once, so the second begins a second later.
        tokio::join!(clock.sleep(Duration::from_secs(1)), clock.sleep(Duration::from_secs(2)));
        assert_eq!(passed(&clock), 3);
        assert_eq!(count(&clock), (0, 0));
    }

    #[tokio::test]
    async fn background_work_does_not_make_time_pass_by_itself() {
        let clock = clock();
        let runs = Arc::new(AtomicUsize::new(0));
        let (turn, inner, count) = (clock.line_up(), clock.clone(), runs.clone());
        let task = tokio::spawn(async move {
            let _busy = turn.await;
            loop {
                inner.nap(Duration::from_secs(2400)).await;
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!((runs.load(Ordering::SeqCst), passed(&clock)), (0, 0));
        let _busy = clock.busy();
        clock.sleep(Duration::from_secs(6000)).await;
        assert_eq!((runs.load(Ordering::SeqCst), passed(&clock)), (2, 6000));
        task.abort();
    }

    #[tokio::test]
    async fn with_a_speed_a_jump_takes_real_time() {
        let clock = SimClock::new(Mode::Stepped { speed: Some(1000.0) }, Timestamp::UNIX_EPOCH);
        let began = Instant::now();
        let _busy = clock.busy();
        clock.sleep(Duration::from_secs(50)).await;
        assert!(began.elapsed() >= Duration::from_millis(49));
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH + SignedDuration::from_secs(50));
    }

    #[tokio::test]
    async fn real_time_can_run_faster() {
        let clock = SimClock::new(Mode::Realtime { speed: 1000.0 }, Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::from_secs(20)).await;
        assert!(clock.now() >= Timestamp::UNIX_EPOCH + SignedDuration::from_secs(20));
    }
}
