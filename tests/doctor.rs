//! `pozi doctor`: a healthy site has no fault, and each seeded fault is named by its own line and by no other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "doctor/faults/mod.rs"]
mod faults;
#[path = "doctor/rig.rs"]
mod rig;
#[path = "doctor/servers.rs"]
mod servers;

use pozi_operator::{Exit, Output};
use serde_json::Value;

use self::{
    faults::{FAULTS, Fault},
    rig::Rig,
};

/// The findings of a run that are wrong.
fn wrong(output: &Output) -> Vec<&Value> {
    output.json().as_array().unwrap().iter().filter(|finding| finding["state"] == "wrong").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_site_has_no_fault_and_each_seeded_fault_is_named_by_its_own_line() {
    let rig = Rig::start().await;
    let healthy = rig.look().await;
    print!("{}", healthy.plain());
    assert_eq!(wrong(&healthy), Vec::<&Value>::new());
    assert_eq!(healthy.exit(), Exit::Done);
    let ok = healthy.json().as_array().unwrap().iter().filter(|finding| finding["state"] == "ok").count();
    assert!(ok >= 20, "{ok} lines are ok");

    let (mut missed, mut unrelated) = (Vec::new(), Vec::new());
    let faults = FAULTS.concat();
    for fault in &faults {
        let seeded = rig.look_with(fault).await;
        if !names(&seeded, fault) {
            missed.push(format!("{}\n{}", fault.name, seeded.plain()));
        }
        let others = wrong(&seeded).into_iter().filter(|finding| {
            let check = finding["check"].as_str().unwrap();
            check != fault.check && !fault.related.contains(&check)
        });
        unrelated.extend(others.map(|finding| format!("{}: {finding}", fault.name)));
    }
    println!("{} of {} seeded faults are named rightly", faults.len() - missed.len(), faults.len());
    assert!(faults.len() >= 30 && missed.len() <= 1, "missed:\n{}", missed.join("\n"));
    assert!(unrelated.is_empty(), "unrelated lines are wrong:\n{}", unrelated.join("\n"));
    assert_eq!(wrong(&rig.look().await), Vec::<&Value>::new(), "every fault was taken back");
}

/// Whether the line that must name `fault` does, with a fix.
fn names(output: &Output, fault: &Fault) -> bool {
    let named = wrong(output).into_iter().find(|finding| {
        let text = format!("{} {}", finding["finding"].as_str().unwrap(), finding["fix"].as_str().unwrap());
        finding["check"] == fault.check && fault.words.iter().all(|word| text.contains(word))
    });
    if let Some(finding) = named {
        println!("{}\n    {}: {}", fault.name, fault.check, finding["finding"].as_str().unwrap());
    }
    named.is_some() && output.exit() == Exit::Wrong
}
