//! The contract of [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_tests::{NOW, SetClock};

/// Never goes back by itself, and tells the same to everybody who holds it.
fn contract(clock: &(impl Clock + Clone)) {
    let (first, elsewhere, last) = (clock.now(), clock.clone().now(), clock.now());
    assert!(first <= elsewhere && elsewhere <= last);
    assert!(last.since(first) <= Duration::from_secs(1));
}

#[test]
fn the_systems_clock_tells_the_systems_time() {
    contract(&SystemClock);
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (before, told, after) = (seconds(), SystemClock.now().unix_seconds(), seconds());
    assert!((before..=after).contains(&told), "{before} {told} {after}");
}

#[test]
fn a_clock_set_by_hand_stands_until_it_is_moved() {
    let clock = SetClock::at(NOW);
    contract(&clock);
    assert_eq!(clock.now().unix_seconds(), NOW);
    let elsewhere = clock.clone();
    elsewhere.advance(61);
    assert_eq!(clock.now().unix_seconds(), NOW + 61);
    contract(&clock);
}
