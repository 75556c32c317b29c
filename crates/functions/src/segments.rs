//! Segment models: which scores of recency, frequency and value make which segment.
//!
//! A model is data. Its rows are kept as published, in order, with their gaps
//! and overlaps; the first row that fits wins, and [`Model::rest`] is for what
//! none fits. So the same rows that score customers can be checked for cells no
//! row covers, cells several cover, and segments nobody can ever reach.

/// Lowest and highest score of a measure.
type Range = (u8, u8);

/// The scores a row of a model covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// A range for each measure, both ends included.
    Box {
        /// Recency.
        r: Range,
        /// Frequency.
        f: Range,
        /// Monetary value.
        m: Range,
    },
    /// A range of recency, and one of frequency and value together, 2 to 10.
    Sum {
        /// Recency.
        r: Range,
        /// Frequency plus monetary value.
        fm: Range,
    },
    /// A list of codes, such as 555.
    Cells(&'static [u16]),
}

impl Area {
    /// Whether the scores are within the area.
    pub fn covers(&self, cell: Cell) -> bool {
        let within = |score: u8, range: Range| (range.0..=range.1).contains(&score);
        match self {
            Self::Box { r, f, m } => within(cell.r, *r) && within(cell.f, *f) && within(cell.m, *m),
            Self::Sum { r, fm } => within(cell.r, *r) && within(cell.f + cell.m, *fm),
            Self::Cells(codes) => codes.contains(&cell.code()),
        }
    }
}

/// One row of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Code of the segment.
    pub segment: &'static str,
    /// The scores that belong to it.
    pub area: Area,
}

/// Scores of a customer, 1 to 5 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Recency.
    pub r: u8,
    /// Frequency.
    pub f: u8,
    /// Monetary value.
    pub m: u8,
}

impl Cell {
    /// Returns the scores as one number, such as 543.
    pub fn code(self) -> u16 {
        u16::from(self.r) * 100 + u16::from(self.f) * 10 + u16::from(self.m)
    }

    /// Returns all 125 cells, 111 first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..125).map(|i| Self {
            r: 1 + i / 25,
            f: 1 + i / 5 % 5,
            m: 1 + i % 5,
        })
    }

    /// Returns the place of the cell in [`Cell::all`].
    pub(crate) fn place(self) -> usize {
        usize::from(self.r - 1) * 25 + usize::from(self.f - 1) * 5 + usize::from(self.m - 1)
    }
}

/// A published way to divide customers by their scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its name in SQL.
    pub name: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// Whether the value score matters.
    pub uses_monetary: bool,
    /// Its rows; the first that covers a cell wins.
    pub rows: &'static [Row],
    /// The segment of cells that no row covers.
    pub rest: &'static str,
}

impl Model {
    /// Returns the segment of a cell.
    pub fn segment(&self, cell: Cell) -> &'static str {
        self.covering(cell)
            .next()
            .map_or(self.rest, |row| row.segment)
    }

    /// Returns all rows that cover a cell, in order.
    pub fn covering(&self, cell: Cell) -> impl Iterator<Item = &'static Row> {
        self.rows.iter().filter(move |row| row.area.covers(cell))
    }

    /// Returns all 125 cells with their segments.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, &'static str)> {
        Cell::all().map(|cell| (cell, self.segment(cell)))
    }

    /// Returns the segments of rows that other rows cover completely.
    pub fn unreachable(&self) -> impl Iterator<Item = &'static str> {
        self.rows
            .iter()
            .map(|row| row.segment)
            .filter(|segment| self.cells().all(|(_, reached)| reached != *segment))
    }
}

/// Returns the models that views and rules know, whose rows are boxes or cells; the default first.
pub fn models() -> &'static [Model] {
    &MODELS
}

/// Returns all models that `rfm_segment` takes, the default first.
pub fn all_models() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().chain([&SPIDER2_11])
}

const fn block(segment: &'static str, r: Range, f: Range, m: Range) -> Row {
    Row {
        segment,
        area: Area::Box { r, f, m },
    }
}

const fn sum(segment: &'static str, r: Range, fm: Range) -> Row {
    Row {
        segment,
        area: Area::Sum { r, fm },
    }
}

const fn list(segment: &'static str, codes: &'static [u16]) -> Row {
    Row {
        segment,
        area: Area::Cells(codes),
    }
}

const CHAMPIONS: &str = "champions";
const LOYAL: &str = "loyal_customers";
const POTENTIAL: &str = "potential_loyalists";
const NEW: &str = "new_customers";
const PROMISING: &str = "promising";
const ATTENTION: &str = "need_attention";
const SLEEP: &str = "about_to_sleep";
const AT_RISK: &str = "at_risk";
const CANT_LOSE: &str = "cant_lose_them";
const HIBERNATING: &str = "hibernating";
const LOST: &str = "lost";
const OTHERS: &str = "others";
const RECENT: &str = "recent_users";
const PRICE: &str = "price_sensitive";

/// Its source counts 1 as best; here 5 is, so r is 6 less its r and f + m is 12 less its sum.
static SPIDER2_11: Model = Model {
    name: "spider2_11",
    source: "Spider 2.0, spider2-snow/resource/documents/RFM.md",
    uses_monetary: true,
    rows: &[
        sum(CHAMPIONS, (5, 5), (8, 10)),
        sum(POTENTIAL, (5, 5), (6, 7)),
        sum(RECENT, (5, 5), (4, 5)),
        sum(PRICE, (5, 5), (2, 3)),
        sum(LOYAL, (4, 4), (8, 10)),
        sum(POTENTIAL, (4, 4), (4, 7)),
        sum(PROMISING, (4, 4), (2, 3)),
        sum(LOYAL, (3, 3), (8, 10)),
        sum(ATTENTION, (3, 3), (6, 7)),
        sum(SLEEP, (3, 3), (2, 5)),
        sum(CANT_LOSE, (1, 2), (10, 10)),
        sum(HIBERNATING, (1, 2), (6, 9)),
        sum(LOST, (1, 2), (2, 5)),
    ],
    rest: OTHERS,
};

static MODELS: [Model; 4] = [
    Model {
        name: "cells11",
        source: "widely copied list of codes in public SQL files; 119 listed, 6 left to lost",
        uses_monetary: true,
        rows: &[
            list(CHAMPIONS, &[555, 554, 544, 545, 454, 455, 445]),
            list(LOYAL, &[543, 444, 435, 355, 354, 345, 344, 335]),
            list(
                POTENTIAL,
                &[
                    553, 551, 552, 541, 542, 533, 532, 531, 452, 451, 442, 441, 431, 453, 433, 432,
                    423, 353, 352, 351, 342, 341, 333, 323,
                ],
            ),
            list(NEW, &[512, 511, 422, 421, 412, 411, 311]),
            list(
                PROMISING,
                &[
                    525, 524, 523, 522, 521, 515, 514, 513, 425, 424, 413, 414, 415, 315, 314, 313,
                ],
            ),
            list(ATTENTION, &[535, 534, 443, 434, 343, 334, 325, 324]),
            list(SLEEP, &[331, 321, 312, 221, 213]),
            list(
                AT_RISK,
                &[
                    255, 254, 245, 244, 253, 252, 243, 242, 235, 234, 225, 224, 153, 152, 145, 143,
                    142, 135, 134, 133, 125, 124,
                ],
            ),
            list(CANT_LOSE, &[155, 154, 144, 214, 215, 115, 114, 113]),
            list(
                HIBERNATING,
                &[
                    332, 322, 231, 241, 251, 233, 232, 223, 222, 132, 123, 122, 212, 211,
                ],
            ),
        ],
        rest: LOST,
    },
    Model {
        name: "rf10",
        source: "widely copied map of regular expressions over recency and frequency",
        uses_monetary: false,
        rows: &[
            block(HIBERNATING, (1, 2), (1, 2), (1, 5)),
            block(AT_RISK, (1, 2), (3, 4), (1, 5)),
            block(CANT_LOSE, (1, 2), (5, 5), (1, 5)),
            block(SLEEP, (3, 3), (1, 2), (1, 5)),
            block(ATTENTION, (3, 3), (3, 3), (1, 5)),
            block(LOYAL, (3, 4), (4, 5), (1, 5)),
            block(PROMISING, (4, 4), (1, 1), (1, 5)),
            block(NEW, (5, 5), (1, 1), (1, 5)),
            block(POTENTIAL, (4, 5), (2, 3), (1, 5)),
            block(CHAMPIONS, (5, 5), (4, 5), (1, 5)),
        ],
        rest: OTHERS,
    },
    Model {
        name: "rfm10",
        source: "R package rfm 0.3.0, rfm_segment of the introduction",
        uses_monetary: true,
        rows: &[
            block(CHAMPIONS, (5, 5), (5, 5), (5, 5)),
            block(POTENTIAL, (3, 5), (3, 5), (2, 5)),
            block(LOYAL, (2, 4), (2, 4), (2, 4)),
            block(PROMISING, (3, 4), (1, 3), (3, 5)),
            block(NEW, (4, 5), (1, 3), (1, 5)),
            block(CANT_LOSE, (1, 2), (3, 4), (4, 5)),
            block(AT_RISK, (1, 2), (2, 5), (4, 5)),
            block(ATTENTION, (1, 3), (3, 5), (3, 5)),
            block(SLEEP, (2, 3), (1, 3), (1, 4)),
            block(LOST, (1, 1), (1, 5), (1, 5)),
        ],
        rest: OTHERS,
    },
    Model {
        name: "putler11",
        source: "Putler's table as R package rfm up to 0.2.2 reads it",
        uses_monetary: true,
        rows: &[
            block(CHAMPIONS, (4, 5), (4, 5), (4, 5)),
            block(LOYAL, (2, 5), (3, 5), (3, 5)),
            block(POTENTIAL, (3, 5), (1, 3), (1, 3)),
            block(NEW, (4, 5), (1, 1), (1, 1)),
            block(PROMISING, (3, 4), (1, 1), (1, 1)),
            block(ATTENTION, (2, 3), (2, 3), (2, 3)),
            block(SLEEP, (2, 3), (1, 2), (1, 2)),
            block(AT_RISK, (1, 2), (2, 5), (2, 5)),
            block(CANT_LOSE, (1, 1), (4, 5), (4, 5)),
            block(HIBERNATING, (1, 2), (1, 2), (1, 2)),
            block(LOST, (1, 2), (1, 2), (1, 2)),
        ],
        rest: OTHERS,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::harness::published_cases;

    fn model(name: &str) -> &'static Model {
        all_models().find(|m| m.name == name).unwrap()
    }

    /// Returns how many cells no row, one row, and several rows cover.
    fn coverage(model: &Model) -> [usize; 3] {
        let mut n_cells = [0; 3];
        for cell in Cell::all() {
            n_cells[model.covering(cell).count().min(2)] += 1;
        }
        n_cells
    }

    /// Counted from the published tables: gaps, single rows, overlaps.
    #[test]
    fn gaps_and_overlaps_are_those_of_the_published_tables() {
        assert_eq!(coverage(model("cells11")), [6, 119, 0]);
        assert_eq!(coverage(model("rf10")), [0, 125, 0]);
        assert_eq!(coverage(model("rfm10")), [10, 57, 58]);
        assert_eq!(coverage(model("putler11")), [36, 47, 42]);
        assert_eq!(coverage(model("spider2_11")), [0, 125, 0]);
    }

    #[test]
    fn four_segments_of_putler_are_never_reached() {
        let unreachable: Vec<_> = model("putler11").unreachable().collect();
        assert_eq!(unreachable, [NEW, PROMISING, CANT_LOSE, LOST]);
        for name in ["cells11", "rf10", "rfm10", "spider2_11"] {
            assert_eq!(model(name).unreachable().count(), 0, "{name}");
        }
    }

    #[test]
    fn places_and_codes_follow_the_order_of_all_cells() {
        let codes: Vec<u16> = Cell::all().map(Cell::code).collect();
        assert_eq!((codes[0], codes[124], codes.len()), (111, 555, 125));
        assert!(codes.is_sorted());
        assert!(Cell::all().enumerate().all(|(i, cell)| cell.place() == i));
    }

    /// The published spelling of a segment.
    fn published_code(name: &str) -> &'static str {
        match name {
            "Champions" => CHAMPIONS,
            "Loyal Customers" | "Loyal" => LOYAL,
            "Potential Loyalist" | "Potential Loyalists" | "PL" => POTENTIAL,
            "New Customers" | "Recent" => NEW,
            "Promising" => PROMISING,
            "Recent Users" => RECENT,
            "Price Sensitive" => PRICE,
            "Need Attention" | "Needs Attention" | "NeedAtt" => ATTENTION,
            "About To Sleep" | "About to Sleep" | "AboutToSleep" => SLEEP,
            "At Risk" | "AtRisk" => AT_RISK,
            "Can't Lose Them" | "CantLose" => CANT_LOSE,
            "Hibernating" | "Hib" => HIBERNATING,
            "Lost" => LOST,
            "Others" => OTHERS,
            other => panic!("{other} has no code"),
        }
    }

    #[test]
    fn first_matches_of_the_published_tables_are_met() {
        let Some(cases) = published_cases("rfm_segment_coverage.json") else {
            return;
        };
        let mut n_checked = 0;
        for (name, case) in cases {
            let Some(expected) = case["expected"]["cells_first_match"].as_object() else {
                continue;
            };
            let mut n_cells = BTreeMap::new();
            for (_, segment) in model(&name).cells() {
                *n_cells.entry(segment).or_insert(0) += 1;
            }
            for (segment, n) in expected {
                let got = n_cells.remove(published_code(segment));
                assert_eq!(got, n.as_i64(), "{name} {segment}");
            }
            assert!(n_cells.is_empty(), "{name}: {n_cells:?}");
            n_checked += 1;
        }
        assert_eq!(n_checked, 2);
    }

    #[test]
    fn rows_are_those_of_the_published_tables() {
        let Some(cases) = published_cases("rfm_segment_maps.json") else {
            return;
        };
        for (name, case) in cases {
            match name.as_str() {
                "rfm10" | "putler11" => {
                    let rows = case["expected"]["rows"].as_array().unwrap();
                    assert_eq!(rows.len(), model(&name).rows.len());
                    for (row, published) in model(&name).rows.iter().zip(rows) {
                        let end = |i: usize| published[i].as_u64().unwrap() as u8;
                        let range = |i: usize| (end(i), end(i + 1));
                        let expected = block(
                            published_code(published[0].as_str().unwrap()),
                            range(1),
                            range(3),
                            range(5),
                        );
                        assert_eq!(*row, expected, "{name}");
                    }
                }
                "spider2_11" => {
                    // r, and f + m, with 1 as best.
                    let rows = case["expected"]["rows"].as_array().unwrap();
                    for cell in Cell::all() {
                        let (r, fm) = (u64::from(6 - cell.r), u64::from(12 - cell.f - cell.m));
                        let number = |x: &serde_json::Value| x.as_u64().unwrap();
                        let mut fitting = rows.iter().filter(|row| {
                            row[1].as_array().unwrap().iter().any(|x| number(x) == r)
                                && (number(&row[2])..=number(&row[3])).contains(&fm)
                        });
                        let published = fitting.next().unwrap()[0].as_str().unwrap();
                        assert_eq!(model(&name).segment(cell), published_code(published));
                        assert!(fitting.next().is_none(), "{cell:?}");
                    }
                }
                "cells11" => {
                    let cells = case["expected"]["cells"].as_object().unwrap();
                    let mut n_listed = 0;
                    for (segment, codes) in cells {
                        for code in codes.as_str().unwrap().split(',') {
                            let digit = |i: usize| code.as_bytes()[i] - b'0';
                            let cell = Cell {
                                r: digit(0),
                                f: digit(1),
                                m: digit(2),
                            };
                            let got = model(&name).segment(cell);
                            assert_eq!(got, published_code(segment), "{code}");
                            n_listed += 1;
                        }
                    }
                    assert_eq!(n_listed, 119);
                }
                _ => {}
            }
        }
    }
}
