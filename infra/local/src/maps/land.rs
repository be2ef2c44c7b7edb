//! Invented land: parcels, streets, a creek and a park, made of a text. The same text always makes the same land.

use aws_lc_rs::digest;
use fastrand::Rng;

use super::{
    colour::{Colour, WHITE},
    sheet::{Label, Line, Sheet},
    view::{EAST, NORTH, SOUTH, WEST},
};

// What has the same colour on every map.
const GROUND: Colour = Colour([244, 241, 234]);
const KERB: Colour = Colour([203, 196, 181]);
const MAIN_STREET: Colour = Colour([250, 228, 168]);
const WATER: Colour = Colour([164, 205, 222]);
const BANK: Colour = Colour([214, 226, 205]);
const PARK: Colour = Colour([190, 217, 168]);
const TREE: Colour = Colour([129, 173, 106]);
pub(super) const LETTERS: Colour = Colour([62, 56, 47]);
const ON_WATER: Colour = Colour([43, 99, 125]);

const NAMES: [&str; 14] = [
    "Banksia",
    "Wattle",
    "Redgum",
    "Correa",
    "Grevillea",
    "Boronia",
    "Hakea",
    "Myrtle",
    "Acacia",
    "Sheoak",
    "Waratah",
    "Kurrajong",
    "Saltbush",
    "Lilly Pilly",
];

/// How far the place goes on beyond what is looked at.
pub(super) const BEYOND: f64 = 60.0;

/// Where the streets run, and the slight bend of everything.
pub(super) struct Land {
    random: Rng,
    /// The middles of the streets that run north, and of those that run east. The second of each is a main street.
    columns: Vec<f64>,
    rows: Vec<f64>,
    bend: [f64; 2],
    names: Vec<&'static str>,
}

impl Land {
    /// The land that `seed` makes.
    pub(super) fn seeded(seed: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, seed.as_bytes());
        let seed = hash.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        let mut random = Rng::with_seed(seed);
        let columns = steps(&mut random, WEST + 120.0, EAST - 60.0, [210.0, 330.0]);
        let rows = steps(&mut random, SOUTH + 95.0, NORTH - 144.0, [160.0, 235.0]);
        let bend = [random.f64() * 6.0, random.f64() * 6.0];
        let mut names = NAMES.to_vec();
        random.shuffle(&mut names);
        Self { random, columns, rows, bend, names }
    }

    /// Draws it all, the parcels in shades of `own`.
    pub(super) fn draw(mut self, sheet: &mut Sheet, own: Colour) {
        let everything = corners(WEST - BEYOND, SOUTH - BEYOND, EAST + BEYOND, NORTH + BEYOND);
        sheet.area(&everything, GROUND, GROUND);
        self.build(sheet, own);
        self.flow(sheet);
        self.pave(sheet);
    }

    /// A place on the ruler's map, where it really is.
    fn bent(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x + 16.0 * (y / 170.0 + self.bend[0]).sin(), y + 13.0 * (x / 210.0 + self.bend[1]).sin())
    }

    fn bent_corners(&self, [west, south, east, north]: [f64; 4]) -> Vec<(f64, f64)> {
        corners(west, south, east, north).into_iter().map(|place| self.bent(place)).collect()
    }

    /// Fills what lies between the streets: one block is a park, the others are parcels.
    fn build(&mut self, sheet: &mut Sheet, own: Colour) {
        let between = |streets: &[f64], from: f64, to: f64| {
            let edges: Vec<_> = [from].into_iter().chain(streets.iter().copied()).chain([to]).collect();
            edges.windows(2).map(|pair| [pair[0] + 21.0, pair[1] - 21.0]).collect::<Vec<_>>()
        };
        let columns = between(&self.columns, WEST - BEYOND, EAST + BEYOND);
        let rows = between(&self.rows, SOUTH - BEYOND, NORTH + BEYOND);
        let park = [self.random.usize(1..columns.len() - 1), self.random.usize(1..rows.len() - 1)];
        for (column, [west, east]) in columns.iter().enumerate() {
            for (row, [south, north]) in rows.iter().enumerate() {
                let block = [*west, *south, *east, *north];
                if [column, row] == park {
                    self.plant(sheet, block);
                } else {
                    self.parcel_out(sheet, block, own);
                }
            }
        }
    }

    /// Two rows of parcels, back to back, most with a house.
    fn parcel_out(&mut self, sheet: &mut Sheet, [west, south, east, north]: [f64; 4], own: Colour) {
        let middle = f64::midpoint(south, north) + self.random.f64() * 16.0 - 8.0;
        for (low, high) in [(south, middle), (middle, north)] {
            let mut from = west;
            while from < east {
                let mut to = from + 38.0 + self.random.f64() * 34.0;
                if to + 34.0 > east {
                    to = east;
                }
                let share = [0.0, 0.0, 0.45, 0.68, 0.82][self.random.usize(..5)];
                let fill = own.with(WHITE, share);
                sheet.area(&self.bent_corners([from, low, to, high]), fill, WHITE);
                if self.random.f64() < 0.72 {
                    let [wide, deep] = [to - from, high - low];
                    let house = [from + wide * 0.26, low + deep * 0.3, to - wide * 0.24, high - deep * 0.34];
                    let roof = fill.with(WHITE, 0.55);
                    sheet.area(&self.bent_corners(house), roof, roof.with(LETTERS, 0.25));
                }
                from = to;
            }
        }
    }

    fn plant(&mut self, sheet: &mut Sheet, block: [f64; 4]) {
        sheet.area(&self.bent_corners(block), PARK, PARK);
        let [west, south, east, north] = block;
        for _ in 0..26 {
            let x = west + 14.0 + self.random.f64() * (east - west - 28.0);
            let y = south + 14.0 + self.random.f64() * (north - south - 28.0);
            let (x, y) = self.bent((x, y));
            let radius = 5.0 + self.random.f64() * 6.0;
            let crown: Vec<_> = (0..10)
                .map(|turn| f64::from(turn) * std::f64::consts::TAU / 10.0)
                .map(|angle| (x + radius * angle.cos(), y + radius * angle.sin()))
                .collect();
            sheet.area(&crown, TREE, TREE.with(WHITE, 0.25));
        }
    }

    /// A creek from edge to edge, under the streets.
    fn flow(&mut self, sheet: &mut Sheet) {
        let start = SOUTH + 60.0 + self.random.f64() * 420.0;
        let end = SOUTH + 60.0 + self.random.f64() * 420.0;
        let phase = self.random.f64() * 6.0;
        let middle = |x: f64| {
            let share = (x - WEST) / (EAST - WEST);
            (x, start + (end - start) * share + 46.0 * (x / 150.0 + phase).sin())
        };
        let course: Vec<_> = ruler(WEST - BEYOND, EAST + BEYOND).map(middle).collect();
        sheet.line(&course, Line { width: 74.0, fill: BANK });
        sheet.line(&course, Line { width: 44.0, fill: WATER });
        // Where the creek is farthest from any street, so that its name does not run into another.
        let clearance = |x: f64| {
            let away = self.rows.iter().map(|y| (middle(x).1 - self.bent((x, *y)).1).abs());
            away.fold(f64::INFINITY, f64::min)
        };
        let places = self.columns.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        let x =
            places.max_by(|one, other| clearance(*one).total_cmp(&clearance(*other))).unwrap_or(EAST / 2.0);
        let label = Label {
            text: &format!("{} Creek", self.names[NAMES.len() - 1]),
            size: 20.0,
            fill: ON_WATER,
            halo: WATER,
        };
        sheet.along(middle(x - 20.0), middle(x + 20.0), label);
    }

    fn pave(&mut self, sheet: &mut Sheet) {
        const KINDS: [&str; 4] = ["Street", "Road", "Avenue", "Lane"];
        let streets = self.streets();
        for street in &streets {
            sheet.line(&street.course, Line { width: street.width + 5.0, fill: KERB });
        }
        // The main streets last, so that the others end at them.
        let (main, others): (Vec<_>, Vec<_>) = streets.iter().partition(|street| street.is_main);
        for street in others.into_iter().chain(main) {
            sheet.line(&street.course, Line { width: street.width, fill: street.fill });
        }
        for (index, street) in streets.iter().enumerate() {
            let text = format!("{} {}", self.names[index % NAMES.len()], KINDS[index % KINDS.len()]);
            let size = if street.is_main { 21.0 } else { 18.0 };
            let label = Label { text: &text, size, fill: LETTERS, halo: street.fill };
            sheet.along(street.sign[0], street.sign[1], label);
        }
    }

    fn streets(&mut self) -> Vec<Street> {
        let mut streets = Vec::new();
        for index in 0..self.columns.len() {
            let (x, sign) = (self.columns[index], between_two(&mut self.random, &self.rows));
            let course = ruler(SOUTH - BEYOND, NORTH).map(|y| self.bent((x, y))).collect();
            streets.push(Street::new(
                course,
                [sign - 20.0, sign + 20.0].map(|y| self.bent((x, y))),
                index == 1,
            ));
        }
        for index in 0..self.rows.len() {
            let (y, sign) = (self.rows[index], between_two(&mut self.random, &self.columns));
            let course = ruler(WEST - BEYOND, EAST + BEYOND).map(|x| self.bent((x, y))).collect();
            streets.push(Street::new(
                course,
                [sign - 20.0, sign + 20.0].map(|x| self.bent((x, y))),
                index == 1,
            ));
        }
        streets
    }
}

struct Street {
    course: Vec<(f64, f64)>,
    /// Between which two places its name stands.
    sign: [(f64, f64); 2],
    is_main: bool,
    width: f64,
    fill: Colour,
}

impl Street {
    fn new(course: Vec<(f64, f64)>, sign: [(f64, f64); 2], is_main: bool) -> Self {
        let (width, fill) = if is_main { (31.0, MAIN_STREET) } else { (24.0, WHITE) };
        Self { course, sign, is_main, width, fill }
    }
}

fn corners(west: f64, south: f64, east: f64, north: f64) -> Vec<(f64, f64)> {
    vec![(west, south), (east, south), (east, north), (west, north)]
}

fn steps(random: &mut Rng, from: f64, to: f64, [shortest, longest]: [f64; 2]) -> Vec<f64> {
    let mut at = from + random.f64() * 60.0;
    let mut steps = Vec::new();
    while at < to {
        steps.push(at);
        at += shortest + random.f64() * (longest - shortest);
    }
    steps
}

/// Half way between two neighbours: away from every crossing.
fn between_two(random: &mut Rng, streets: &[f64]) -> f64 {
    let index = random.usize(1..streets.len());
    f64::midpoint(streets[index - 1], streets[index])
}

/// From one end to the other in short steps, so that a line can bend.
fn ruler(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..=60).map(move |step| from + (to - from) * f64::from(step) / 60.0)
}
