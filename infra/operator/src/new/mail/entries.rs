//! Lines that speak of groups and catalogues: sentences, headings, and the entries of lists below them.

use pozi_auth::sites::Access;

use super::{
    super::{
        element::Element,
        facts::{Fact, Opened, Someone, Title, Who, permits},
        labels::Column,
        list::{Context, List},
        statement::{Statement, statement},
        text::Line,
        verbs::Sentence,
        words,
    },
    Reader, UNREAD,
};

impl Reader<'_> {
    /// Reads a line that is neither an item nor a table's.
    pub(super) fn statement(&mut self, line: &Line) {
        let in_list = self.list.takes(line);
        let ends = line.is_heading || line.text.ends_with(':');
        let Some(statement) = statement(&line.text, self.known) else {
            if !(ends && self.announcement(line)) {
                self.unclear_if_it_matters(line, UNREAD);
            }
            return;
        };
        let is_alone = statement.groups.is_empty() && !statement.everyone;
        if is_alone && statement.catalogues.is_empty() {
            self.setting(&statement, in_list, ends);
        } else if is_alone {
            self.catalogues(&statement, in_list, ends, line);
        } else if statement.catalogues.is_empty() {
            self.people(statement, in_list, ends, line);
        } else {
            let permits = permits(
                &who(&statement),
                &listed(&statement.catalogues),
                statement.access.unwrap_or(Access::Read),
            );
            self.state(statement.groups.iter().filter_map(Element::as_fact));
            self.state(permits);
        }
    }

    /// Reads a heading such as "Groups that can see Planning:".
    fn announcement(&mut self, line: &Line) -> bool {
        let Some(sentence) = Sentence::find(&line.text).filter(|found| words::is_announcement(found.who))
        else {
            return false;
        };
        let Some(text) = words::title(sentence.what) else { return false };
        self.open(Context::Catalogues(vec![Title::listed(text)], Some(sentence.access)), line.is_heading);
        true
    }

    /// Reads a line without groups and catalogues: an access, a project, or a label.
    fn setting(&mut self, statement: &Statement, in_list: bool, ends: bool) {
        let labels = &statement.labels;
        if let (Some(project), Some(title)) = (&statement.project, self.list.title().filter(|_| in_list)) {
            self.state([Fact::Project(title, project.clone())]);
        } else if let Some(access) = statement.access {
            if labels.contains(&Column::Access) && in_list {
                self.change_access(access);
            }
            self.list.restart(access);
        } else if labels.iter().any(|label| matches!(label, Column::Catalogue(_))) && !self.list.is_new() {
            self.open(Context::Titles, true);
        } else if ends && !self.list.is_new() {
            self.list = List::default();
        }
    }

    /// Gives the permits of this list, whose access was not written beside them, `access`.
    fn change_access(&mut self, access: Access) {
        for stated in self.facts.iter_mut().skip(self.list_since) {
            if let Fact::Permit(_, _, own) = &mut stated.fact {
                *own = access;
            }
        }
    }

    /// Reads a line with only the names of catalogues.
    fn catalogues(&mut self, statement: &Statement, in_list: bool, ends: bool, line: &Line) {
        let labels = &statement.labels;
        if labels.contains(&Column::Group) {
            self.group_name = statement.catalogues.first().map(|element| element.name.clone());
            self.open(Context::Nothing, false);
            return;
        }
        let titles = listed(&statement.catalogues);
        let one: Vec<_> =
            statement.catalogues.iter().map(|element| Title::one(element.name.clone())).collect();
        let is_label = labels.iter().any(|label| matches!(label, Column::Catalogue(_)));
        let is_several = labels.contains(&Column::Catalogue(true));
        match self.list.context().clone() {
            Context::Groups(groups, access) if in_list && !ends => {
                let titles = if is_several || line.text.contains(',') { titles } else { one_each(titles) };
                let groups: Vec<_> = groups.into_iter().map(|id| (Who::Group(id), None)).collect();
                self.state(permits(&groups, &titles, statement.access.or(access).unwrap_or(Access::Read)));
            }
            Context::Titles if in_list && !ends => self.declare(&one, statement.project.clone()),
            _ if is_label => {
                let named =
                    if is_several { titles.into_iter().map(|(title, _)| title).collect() } else { one };
                self.declare(&named, statement.project.clone());
                self.open(Context::Catalogues(named, statement.access), line.is_heading);
            }
            _ if ends => {
                let beside = if let [(_, access)] = &titles[..] { *access } else { None };
                let titles = titles.into_iter().map(|(title, _)| title).collect();
                self.open(Context::Catalogues(titles, statement.access.or(beside)), line.is_heading);
            }
            _ if in_list => self.unclear_if_it_matters(line, UNREAD),
            _ => {}
        }
    }

    fn declare(&mut self, titles: &[Title], project: Option<String>) {
        self.state(titles.iter().cloned().map(Fact::Catalogue));
        if let (Some(project), [title]) = (project, titles) {
            self.state([Fact::Project(title.clone(), project)]);
        }
    }

    /// Reads a line with only groups, or everyone.
    fn people(&mut self, mut statement: Statement, in_list: bool, ends: bool, line: &Line) {
        if let ([only], Some(name)) = (&mut statement.groups[..], self.group_name.take())
            && only.name.is_empty()
        {
            only.name = words::tidy(&name);
        }
        let is_described = statement.labels.contains(&Column::ObjectId);
        match self.list.context().clone() {
            Context::Catalogues(titles, access) if in_list && !ends => {
                let titles: Vec<_> = titles.into_iter().map(|title| (title, None)).collect();
                self.state(permits(
                    &who(&statement),
                    &titles,
                    statement.access.or(access).unwrap_or(Access::Read),
                ));
                self.state(statement.groups.iter().filter_map(Element::as_fact));
            }
            _ if statement.everyone => self.unclear_if_it_matters(line, UNREAD),
            _ => {
                self.state(statement.groups.iter().filter_map(Element::as_fact));
                let groups = statement.groups.iter().filter_map(|group| group.id).collect();
                let context = Context::Groups(groups, statement.access);
                if ends || is_described {
                    self.open(context, line.is_heading);
                } else {
                    self.list = self.list.below(context, line);
                    self.list_since = self.facts.len();
                }
            }
        }
    }
}

fn who(statement: &Statement) -> Vec<Someone> {
    let groups = statement.groups.iter().filter_map(|group| Some((Who::Group(group.id?), group.access)));
    groups.chain(statement.everyone.then_some((Who::Everyone, None))).collect()
}

fn listed(catalogues: &[Element]) -> Vec<Opened> {
    catalogues
        .iter()
        .filter_map(|element| Some((Title::listed(words::title(&element.name)?), element.access)))
        .collect()
}

fn one_each(titles: Vec<Opened>) -> Vec<Opened> {
    titles.into_iter().map(|(title, access)| (Title::one(title.text), access)).collect()
}
