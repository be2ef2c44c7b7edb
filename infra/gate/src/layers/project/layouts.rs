//! Print layouts of a project.

/// A print layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The name, which is the `TEMPLATE` of `GetPrint`.
    pub name: String,
    /// The items.
    pub items: Vec<LayoutItem>,
}

/// An item of a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayoutItem {
    /// The id, which may be empty. A parameter of `GetPrint` with this name sets the text of a label or the address of an
    /// HTML frame.
    pub id: String,
    /// The kind.
    pub kind: ItemKind,
}

/// The kind of a layout's item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// A map.
    Map,
    /// A label of plain text.
    Label,
    /// A label of HTML, which loads files and addresses, and runs scripts.
    HtmlLabel,
    /// A frame of HTML, which does the same.
    HtmlFrame,
    /// Any other item.
    #[default]
    Other,
}

impl ItemKind {
    /// Whether it renders HTML.
    pub fn is_html(self) -> bool {
        matches!(self, Self::HtmlLabel | Self::HtmlFrame)
    }

    /// Interprets a number of `QgsLayoutItemRegistry::ItemType` (same in 3.22 and 3.40).
    pub(super) fn of_item(number: &str, has_html: bool) -> Self {
        match number {
            "65639" => Self::Map,
            "65641" if has_html => Self::HtmlLabel,
            "65641" => Self::Label,
            "65648" => Self::HtmlFrame,
            _ => Self::Other,
        }
    }
}
