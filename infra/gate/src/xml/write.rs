//! Writes XML: UTF-8 without declaration, everything escaped.

/// XML under construction.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// Writes an element, with what `content` writes inside it. Values are escaped; the names of the element and its
    /// attributes are not, and must be trusted.
    pub fn element(&mut self, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut Self)) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escaped(value, true);
            self.text.push('"');
        }
        let open = self.text.len();
        self.text.push('>');
        content(self);
        if self.text.len() == open + 1 {
            self.text.truncate(open);
            self.text.push_str("/>");
            return;
        }
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// Writes an element that holds only text.
    pub fn text_element(&mut self, name: &str, text: &str) {
        self.element(name, &[], |out| out.text(text));
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        self.escaped(text, false);
    }

    /// Returns the XML.
    pub fn finish(self) -> String {
        self.text
    }

    /// Writes white space that a parser would normalise as references (XML 1.0, sections 2.11 and 3.3.3).
    fn escaped(&mut self, text: &str, in_attribute: bool) {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#13;"),
                '"' if in_attribute => self.text.push_str("&quot;"),
                '\t' if in_attribute => self.text.push_str("&#9;"),
                '\n' if in_attribute => self.text.push_str("&#10;"),
                _ => self.text.push(character),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_text_and_values() {
        let mut out = Writer::default();
        out.element("a", &[("b", "<&\">\n")], |out| out.text("]]> & < \r"));
        assert_eq!(out.finish(), "<a b=\"&lt;&amp;&quot;&gt;&#10;\">]]&gt; &amp; &lt; &#13;</a>");
    }

    #[test]
    fn closes_an_empty_element_at_once() {
        let mut out = Writer::default();
        out.element("a", &[], |out| out.text(""));
        assert_eq!(out.finish(), "<a/>");
    }
}
