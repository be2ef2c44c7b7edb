//! The contract of [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_tests::{NOW, SetClock};

/// Never goes back by itself; clones show the same time.
fn contract(clock: &(impl Clock + Clone)) {
    let (first, of_clone, last) = (clock.now(), clock.clone().now(), clock.now());
    assert!(first <= of_clone && of_clone <= last);
    assert!(last.since(first) <= Duration::from_secs(1));
}

#[test]
fn the_system_clock_shows_the_system_time() {
    contract(&SystemClock);
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (before, now, after) = (seconds(), SystemClock.now().unix_seconds(), seconds());
    assert!((before..=after).contains(&now), "{before} {now} {after}");
}

#[test]
fn a_clock_set_by_hand_stands_still_until_it_is_advanced() {
    let clock = SetClock::at(NOW);
    contract(&clock);
    assert_eq!(clock.now().unix_seconds(), NOW);
    clock.clone().advance(61);
    assert_eq!(clock.now().unix_seconds(), NOW + 61);
    contract(&clock);
}
