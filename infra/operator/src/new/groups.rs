//! A CSV file of groups, as exported from Entra or kept in a spreadsheet.

use super::{
    facts::{Fact, Place, Stated},
    known::Known,
    table::Columns,
    text::{mentions_value, plain},
};

/// A file of groups cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GroupsError {
    /// It is no CSV.
    #[error("it is not a CSV file")]
    Csv(#[from] csv::Error),
    /// Its first line does not name the columns.
    #[error(
        "its first line must name the columns: at least `id` and `displayName`, as in an export from Entra"
    )]
    Heading,
}

/// Reads the text of a CSV file, whose first line names its columns and says which character separates them.
pub(crate) fn read(text: &str) -> Result<Vec<Stated>, GroupsError> {
    // The reader would count a line too few where lines end with CR LF.
    let text = &text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new();
    // The delimiters are ASCII.
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader =
        reader.flexible(true).has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
    let mut rows = reader.records();
    let cells = |record: &csv::StringRecord| record.iter().map(plain).collect::<Vec<_>>();
    let heading = rows.next().ok_or(GroupsError::Heading)??;
    let mut columns = Columns::read(&cells(&heading)).ok_or(GroupsError::Heading)?;
    let mut facts = Vec::new();
    let known = Known::default();
    for record in rows {
        let record = record?;
        let line =
            record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
        let row = columns.row(&cells(&record), &known);
        let row =
            row.into_iter().filter(|fact| !matches!(fact, Fact::Unclear(text, _) if !mentions_value(text)));
        facts.extend(row.map(|fact| Stated { line: Place::Groups(line), fact }));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNERS: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";

    fn facts(text: &str) -> Vec<String> {
        read(text).unwrap().into_iter().map(|stated| format!("{}: {:?}", stated.line, stated.fact)).collect()
    }

    #[test]
    fn reads_an_export_of_entra_in_every_usual_form() {
        let expected = [format!("groups' file, line 2: Group(GroupId({PLANNERS}), \"Planners, all\")")];
        for text in [
            format!("displayName,id,mail,groupType\r\n\"Planners, all\",{PLANNERS},,Security\r\n"),
            format!("\u{feff}Name;Object Id;Members\n\"Planners, all\";{PLANNERS};12\n"),
            format!("objectId\tGroup name\n{PLANNERS}\tPlanners, all\n\n"),
        ] {
            assert_eq!(facts(&text), expected, "{text}");
        }
    }

    #[test]
    fn reads_catalogues_and_access_if_there_are_columns_for_them() {
        let text = format!("Group,Id,Catalogues,Access\nPlanners,{PLANNERS},\"Planning, Parks\",Edit\n");
        let permits: Vec<_> = facts(&text).into_iter().filter(|fact| fact.contains("Permit")).collect();
        assert_eq!(permits.len(), 2);
        assert!(permits.iter().all(|permit| permit.ends_with("Write)")), "{permits:?}");
    }

    #[test]
    fn refuses_a_file_without_columns_of_groups() {
        for text in ["", "a,b\n1,2\n", PLANNERS] {
            assert!(matches!(read(text), Err(GroupsError::Heading)), "{text}");
        }
        let text = format!("name,id\nPlanners,{PLANNERS}x\n\n");
        assert_eq!(facts(&text), Vec::<String>::new());
    }
}
