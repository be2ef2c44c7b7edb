//! Metric math, as far as alarms use it. Source:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>.

/// What an expression is about: a period that begins at a time, and the metrics in it.
pub(crate) struct Period<'a> {
    /// Seconds since the Unix epoch.
    pub(crate) begins: u64,
    /// Returns a metric by its id; `None` if it has no data.
    pub(crate) metric: &'a dyn Fn(&str) -> Option<f64>,
}

/// Returns the value of `expression` in `period`; `None` if it has none.
///
/// # Panics
/// If it cannot be read.
pub(crate) fn evaluate(expression: &str, period: &Period<'_>) -> Option<f64> {
    let mut parser = Parser { rest: expression, period };
    let value = parser.all();
    assert!(parser.rest.trim().is_empty(), "unread: {}", parser.rest);
    value
}

type Operator = (&'static str, fn(f64, f64) -> f64);

/// The operators, each level binding more tightly than the one before it.
const LEVELS: [&[Operator]; 4] = [
    &[("AND", |a, b| truth(a != 0.0 && b != 0.0))],
    &[
        (">=", |a, b| truth(a >= b)),
        ("<=", |a, b| truth(a <= b)),
        (">", |a, b| truth(a > b)),
        ("<", |a, b| truth(a < b)),
    ],
    &[("+", |a, b| a + b), ("-", |a, b| a - b)],
    &[("*", |a, b| a * b), ("/", |a, b| a / b)],
];

fn truth(is_true: bool) -> f64 {
    f64::from(u8::from(is_true))
}

struct Parser<'a> {
    rest: &'a str,
    period: &'a Period<'a>,
}

impl<'a> Parser<'a> {
    fn all(&mut self) -> Option<f64> {
        self.level(0)
    }

    fn level(&mut self, level: usize) -> Option<f64> {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1);
        while let Some((_, apply)) = operators.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.level(level + 1);
            left = left.zip(right).map(|(left, right)| apply(left, right)).filter(|value| value.is_finite());
        }
        left
    }

    fn primary(&mut self) -> Option<f64> {
        if self.takes("(") {
            let value = self.all();
            assert!(self.takes(")"), "a bracket is not closed before: {}", self.rest);
            return value;
        }
        let word = self.word();
        if let Ok(number) = word.parse() {
            return Some(number);
        }
        if !self.takes("(") {
            return (self.period.metric)(word);
        }
        let mut arguments = vec![self.all()];
        while self.takes(",") {
            arguments.push(self.all());
        }
        assert!(self.takes(")"), "a function is not closed before: {}", self.rest);
        self.call(word, &arguments)
    }

    fn call(&self, function: &str, arguments: &[Option<f64>]) -> Option<f64> {
        let hours = u32::try_from(self.period.begins / 3_600).unwrap();
        match (function, arguments) {
            ("FILL", [value, instead]) => value.or(*instead),
            ("IF", [condition, yes, no]) => {
                condition.and_then(|is_met| if is_met == 0.0 { *no } else { *yes })
            }
            // These have a value for each period, also without data.
            ("HOUR", [_]) => Some(f64::from(hours % 24)),
            // 1 is Monday. 1970 began on a Thursday.
            ("DAY", [_]) => Some(f64::from((hours / 24 + 3) % 7 + 1)),
            _ => panic!("this test does not know {function} of {}", arguments.len()),
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        assert!(end > 0, "a value is missing at: {rest}");
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        word
    }
}

#[test]
fn metric_math_is_calculated_as_cloudwatch_does() {
    // A Monday, 01:00 UTC.
    let begins = 1_799_629_200;
    let period = Period { begins, metric: &|id| (id == "some").then_some(6.0) };
    for (expression, expected) in [
        ("1 + 2 * 3", Some(7.0)),
        ("(1 + 2) * some / 2", Some(9.0)),
        ("some - none", None),
        ("FILL(none, 2) - some", Some(-4.0)),
        ("some / 0", None),
        ("IF(some >= 6 AND some < 7, 1, none)", Some(1.0)),
        ("IF(some > 6, 1, none)", None),
        ("DAY(none) * 100 + HOUR(none)", Some(101.0)),
    ] {
        assert_eq!(evaluate(expression, &period), expected, "{expression}");
    }
}
