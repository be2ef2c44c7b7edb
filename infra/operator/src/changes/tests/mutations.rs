//! Every single mutation of rules: none that changes access is missed, and nothing is reported if access stays as it is.

use proptest::prelude::*;

use super::{
    brute_force::checked,
    rules::{DownloadRule, Rule, Rules, rules},
};

/// Returns each rule that is one edit away from `rule`.
fn mutated_rules(rule: Rule) -> Vec<Rule> {
    let groups = (0..6).map(|group| 1 << group);
    match rule {
        None => [0].into_iter().chain(groups).map(Some).collect(),
        Some(listed) => groups.map(|group| Some(listed ^ group)).chain([None]).collect(),
    }
}

/// Whether a rule for downloads names more people, readers or not.
fn is_wider(before: DownloadRule, after: DownloadRule) -> bool {
    match (before, after) {
        (Some(_), None) => true,
        (Some(before), Some(after)) => after & !before != 0,
        (None, _) => false,
    }
}

/// Returns each set of rules that is one edit away from `rules`.
fn mutated(rules: &Rules) -> Vec<Rules> {
    let with = |index: usize, catalogue: Option<[Rule; 2]>| {
        let mut mutant = *rules;
        mutant.catalogues[index] = catalogue;
        mutant
    };
    let nobody = Some(0);
    let mut mutants = vec![Rules { groups_as_roles: !rules.groups_as_roles, ..*rules }];
    for (index, catalogue) in rules.catalogues.iter().enumerate() {
        if let Some([read, write]) = *catalogue {
            mutants.push(with(index, None));
            mutants.extend(mutated_rules(read).into_iter().map(|read| with(index, Some([read, write]))));
            mutants.extend(mutated_rules(write).into_iter().map(|write| with(index, Some([read, write]))));
            mutants.extend(mutated_rules(rules.downloads[index]).into_iter().map(|download| {
                let mut mutant = *rules;
                mutant.downloads[index] = download;
                mutant
            }));
        } else {
            let added = mutated_rules(nobody).into_iter().flat_map(|rule| [[rule, nobody], [nobody, rule]]);
            mutants.extend(added.chain([[nobody, nobody]]).map(|rules| with(index, Some(rules))));
        }
    }
    mutants
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_mutation_is_missed_and_none_is_invented(rules in rules()) {
        let before = rules.site();
        for mutant in mutated(&rules) {
            let (found, gains, losses) = checked(Some(&before), Some(&mutant.site()));
            // That groups in roles count is a wider setting even where no group has access, and so is a longer rule for downloads.
            let mut downloads = rules.downloads.into_iter().zip(mutant.downloads);
            let is_wider = gains
                || mutant.groups_as_roles && !rules.groups_as_roles
                || downloads.any(|(before, after)| is_wider(before, after));
            prop_assert_eq!(found.is_wider(), is_wider, "{}", found);
            let is_same = found.to_string().starts_with("Nobody gains or loses access.");
            let is_setting = mutant.groups_as_roles != rules.groups_as_roles || mutant.downloads != rules.downloads;
            prop_assert_eq!(is_same, !gains && !losses && !is_setting, "{}", found);
        }
    }
}
