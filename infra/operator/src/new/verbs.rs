//! Sentences of the form "Planners can see Planning", "Planning can be seen by Planners".

use pozi_auth::sites::Access;

use super::words;

/// A sentence that gives access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sentence<'t> {
    /// Who may open it.
    pub who: &'t str,
    /// What they may open.
    pub what: &'t str,
    /// In which way.
    pub access: Access,
}

/// The words of a phrase, and where each starts and ends.
type Word<'t> = (usize, usize, String, &'t str);

impl<'t> Sentence<'t> {
    /// Finds the first verb that gives access in `text`, and what stands around it.
    pub(crate) fn find(text: &'t str) -> Option<Self> {
        let words = phrase_words(text);
        (0..words.len()).find_map(|start| {
            let (length, access, is_passive) = phrase(&words[start..])?;
            let (from, ..) = words.get(start)?;
            let (_, to, ..) = words.get(start + length - 1)?;
            let sides = (text[..*from].trim(), text[*to..].trim());
            let (who, what) = if is_passive { (sides.1, sides.0) } else { sides };
            Some(Self { who, what, access })
        })
    }
}

fn phrase_words(text: &str) -> Vec<Word<'_>> {
    let mut at = 0;
    text.split(' ')
        .map(|word| {
            let start = at;
            at += word.len() + 1;
            (start, start + word.len(), word.to_lowercase(), word)
        })
        .filter(|(start, end, ..)| start < end)
        .collect()
}

/// Returns the number of words of the phrase at the start of `words`, its access, and whether who gets it comes after.
fn phrase(words: &[Word<'_>]) -> Option<(usize, Access, bool)> {
    let word = |index: usize| words.get(index).map_or("", |(.., lower, _)| lower.trim_end_matches(':'));
    match word(0) {
        "can" | "may" | "should" | "will" | "must" => {
            let first = if matches!(word(1), "also" | "only") { 2 } else { 1 };
            if word(first) == "be" {
                let (next, access) = verbs(&word, first + 1, participle)?;
                return (word(next) == "by").then_some((next + 1, access, true));
            }
            let (next, access) = verbs(&word, first, verb)?;
            Some((next + usize::from(word(next) == "only"), access, false))
        }
        "has" | "have" | "gets" | "get" | "needs" | "need" | "with" | "having" => {
            let end = (1..6).find(|index| word(*index) == "access")?;
            let kind = (1..end).map(word).collect::<Vec<_>>().join(" ");
            let access = if kind.is_empty() { Access::Read } else { words::access(&kind)? };
            matches!(word(end + 1), "to" | "for" | "on").then_some((end + 2, access, false))
        }
        "is" | "are" if matches!(word(1), "open" | "visible" | "available" | "accessible") => {
            matches!(word(2), "to" | "for").then_some((3, Access::Read, true))
        }
        _ => {
            let (next, access) = verbs(&word, 0, third_person)?;
            Some((next, access, false))
        }
    }
}

/// Reads verbs joined by "and" from word `first` on. Returns the index after them, and their widest access.
fn verbs<'w>(
    word: &impl Fn(usize) -> &'w str,
    first: usize,
    read: fn(&str) -> Option<Access>,
) -> Option<(usize, Access)> {
    let all = |text: &str| text.split('/').map(read).collect::<Option<Vec<_>>>()?.into_iter().max();
    let mut access = all(word(first))?;
    let mut next = first + 1;
    while matches!(word(next), "and" | "&")
        && let Some(further) = all(word(next + 1))
    {
        access = access.max(further);
        next += 2;
    }
    Some((next, access))
}

fn verb(word: &str) -> Option<Access> {
    match word {
        "see" | "view" | "read" | "open" | "access" | "use" => Some(Access::Read),
        "edit" | "write" | "change" | "update" | "modify" | "maintain" => Some(Access::Write),
        _ => None,
    }
}

fn third_person(word: &str) -> Option<Access> {
    // Most of them are nouns too.
    match word {
        "sees" | "reads" | "opens" => Some(Access::Read),
        "edits" | "maintains" => Some(Access::Write),
        _ => None,
    }
}

fn participle(word: &str) -> Option<Access> {
    match word {
        "seen" | "viewed" | "read" | "opened" | "accessed" | "used" => Some(Access::Read),
        "edited" | "written" | "changed" | "updated" | "modified" | "maintained" => Some(Access::Write),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_verb_and_who_comes_with_it() {
        for (text, who, what, access) in [
            ("Planners can see Planning", "Planners", "Planning", Access::Read),
            ("Planners can view and edit the Planning map", "Planners", "the Planning map", Access::Write),
            ("Planners may only read Open Space", "Planners", "Open Space", Access::Read),
            ("Planners can view/edit Planning", "Planners", "Planning", Access::Write),
            ("Planners have read and write access to Planning", "Planners", "Planning", Access::Write),
            ("Planners have access to: Planning", "Planners", "Planning", Access::Read),
            ("Planning can be seen by Planners", "Planners", "Planning", Access::Read),
            ("Parks is open to everyone who signs in", "everyone who signs in", "Parks", Access::Read),
            ("Planners can see", "Planners", "", Access::Read),
        ] {
            assert_eq!(Sentence::find(text), Some(Sentence { who, what, access }), "{text}");
        }
    }

    #[test]
    fn does_not_read_what_denies_or_is_no_verb() {
        for text in [
            "Planners can not see Planning",
            "Planners cannot see Planning",
            "Planners have no access to Planning",
            "Planners have some kind of odd access to Planning",
            "Planners have access",
            "Planning can be seen",
            "Planning",
            "",
        ] {
            assert_eq!(Sentence::find(text), None, "{text}");
        }
    }
}
