//! Twenty thousand assignments, made on the screen of the real program, against simulated clouds in another process.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Wish,
    fleet::ACCOUNTS,
    harness::SimProcess,
    machine::median,
    process::{SIZE, keys, open_one_of, peak, press},
    table::{Table, Unit},
    terminal::{Start, Terminal, keys::ESC},
};

const TARGET: f64 = 200.0;
const KEY: f64 = 16.0;
const PEOPLE: usize = 10;
/// How much faster than life the clouds are.
const SPEED: u32 = 60;
/// It bounds a hang.
const BOUND: Duration = Duration::from_secs(1_200);

/// The most memory that engine, journal and screen take for so many.
pub fn measure(wish: &Wish, table: &mut Table) {
    let sets = if wish.quick { 1 } else { 20 };
    let number = sets * PEOPLE * ACCOUNTS;
    let sim = SimProcess::start_at("large", SPEED);
    let profile = sim.dir().join("crowd.toml");
    let tutorial = fs::read_to_string(sim.dir().join("profile.toml")).unwrap();
    fs::write(&profile, tutorial + &given(sets)).unwrap();
    let profile = profile.display().to_string();
    let open = || {
        Start::fedwiz(&["--profile", &profile, "--token-store", "memory"])
            .env_of(&sim.command("plan"))
            .size(SIZE.0, SIZE.1)
            .open()
    };
    let mut terminal = open();
    terminal.begin();
    until_made(&sim.dir().join("state/contoso/journal.jsonl"), number);
    row(table, format!("{number} assignments made on the screen"), &terminal);
    drop(terminal);
    let mut terminal = open();
    terminal.wait_text("Look around first");
    terminal.send(ESC);
    terminal.wait_for("the walk", |seen| !seen.text().contains("Look around first"));
    open_one_of(&mut terminal, "aws.assignment Fleet01");
    for _ in 0..4 {
        press(&mut terminal, "z");
    }
    let key = median(wish.rounds(), || keys(&mut terminal, wish));
    table.row(
        format!("screen: key to changed screen p99, {number} boxes that stand"),
        Unit::Millis,
        key,
        KEY,
        "",
    );
    row(table, format!("their journal opened again, {number} boxes"), &terminal);
}

fn row(table: &mut Table, what: String, terminal: &Terminal) {
    table.row(
        format!("memory: {what}, most that was taken"),
        Unit::Mebibytes,
        peak(terminal),
        TARGET,
        "",
    );
}

/// Waits until the journal says that so many assignments stand.
fn until_made(journal: &Path, number: usize) {
    let began = Instant::now();
    let (mut read, mut made, mut rest) = (0, 0, Vec::new());
    while made < number {
        assert!(began.elapsed() < BOUND, "{made} of {number} assignments are made");
        std::thread::sleep(Duration::from_millis(200));
        let Ok(mut file) = File::open(journal) else { continue };
        file.seek(SeekFrom::Start(read)).unwrap();
        read += file.read_to_end(&mut rest).unwrap() as u64;
        let whole = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let lines = String::from_utf8(rest.drain(..whole).collect()).unwrap();
        let of_many = |line: &&str| line.contains("\"item\":\"Fleet") && line.contains("\"step\":\"aws.assignment\"");
        made += lines
            .lines()
            .filter(of_many)
            .filter(|line| line.contains("\"kind\":\"done\""))
            .count();
    }
}

/// People made by hand, and so many permission sets that each of them gets in each account.
fn given(sets: usize) -> String {
    let names: Vec<String> = (1..=sets).map(|set| format!("Crowd{set:02}")).collect();
    let accounts: Vec<String> = (1..=ACCOUNTS).map(|number| format!("Account {number:03}")).collect();
    let mut text = String::new();
    for name in &names {
        text.push_str(&format!(
            "\n[[permission_set]]\nname = \"{name}\"\nmanaged_policies = [\"ReadOnlyAccess\"]\n"
        ));
    }
    for number in 1..=PEOPLE {
        let upn = format!("Fleet{number:02}@contoso.onmicrosoft.com");
        text.push_str(&format!(
            "\n[[people.user]]\nupn = \"{upn}\"\ngiven_name = \"Fleet\"\nfamily_name = \"{number:02}\"\n\
             create = true\naws = \"manual\"\n\n\
             [[assignment]]\nprincipal = \"user:{upn}\"\naccounts = {accounts:?}\npermission_sets = {names:?}\n"
        ));
    }
    text
}
