//! The stored budgets, `tests/budgets.toml`.

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// How much more than its budget something may cost, in percent.
const MARGIN: u64 = 3;

/// The budgets of one table of the file.
pub(crate) struct Budgets {
    table: &'static str,
    stored: toml::Table,
    exceeded: Vec<String>,
    measured: Vec<(String, u64)>,
}

impl Budgets {
    /// Reads the budgets in `table`.
    pub(crate) fn of(table: &'static str) -> Self {
        let all: toml::Table = fs::read_to_string(file()).unwrap().parse().unwrap();
        let stored = all[table].as_table().unwrap().clone();
        Self { table, stored, exceeded: Vec::new(), measured: Vec::new() }
    }

    /// Prints what `what` costs, beside its budget.
    pub(crate) fn check(&mut self, what: &str, measured: u64) {
        let budget = self.stored.get(what).and_then(toml::Value::as_integer).unwrap_or_default();
        let budget = u64::try_from(budget).unwrap();
        let line = format!("{what}: {measured} {} of {budget}, and {MARGIN} % more", self.table);
        // Not with println!, whose output is hidden for a test that passes.
        std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
        if measured * 100 > budget * (100 + MARGIN) {
            self.exceeded.push(line);
        }
        self.measured.push((what.to_owned(), measured));
    }

    /// Fails if something costs too much; or writes what was measured, if the variable `UPDATE_BUDGETS` is set.
    pub(crate) fn finish(self) {
        if std::env::var_os("UPDATE_BUDGETS").is_some() {
            return update(self.table, &self.measured);
        }
        let exceeded = self.exceeded.join("\n");
        assert!(
            exceeded.is_empty(),
            "{exceeded}\nIf it is worth that, run it with UPDATE_BUDGETS=1 and say why."
        );
    }
}

/// Replaces the numbers in `table` by those measured, and nothing else.
fn update(table: &str, measured: &[(String, u64)]) {
    static FILE: Mutex<()> = Mutex::new(());
    let _guard = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut within = false;
    let text = fs::read_to_string(file()).unwrap();
    let lines = text.lines().map(|line| {
        if line.starts_with('[') {
            within = line.starts_with(&format!("[{table}]"));
        }
        let number = line.split_once(" = ").filter(|_| within);
        let number = number.and_then(|(name, _)| measured.iter().find(|(measured, _)| measured == name));
        number.map_or_else(|| line.to_owned(), |(name, number)| format!("{name} = {number}"))
    });
    let lines: Vec<_> = lines.collect();
    fs::write(file(), lines.join("\n") + "\n").unwrap();
}

fn file() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.toml"))
}
