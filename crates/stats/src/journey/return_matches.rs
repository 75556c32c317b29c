//! `return_matches`: which sale does a credit note give back, where nothing says so?
//!
//! Many ledgers book a return as a line with a negative quantity and no
//! reference to the sale. Within one customer and article the latest sale that
//! is still large enough is the usual reading: people send back what they got
//! last. A credit note is matched as a whole; one that no single earlier sale
//! covers stays without a sale rather than being cut up.

/// One line of a customer's ledger for an article.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LedgerLine<L> {
    /// When it was booked, in ticks.
    pub at: i64,
    /// Its id, which orders lines of one instant.
    pub line: L,
    /// Units, in any fixed unit: sold above 0, given back below.
    pub quantity: i128,
}

/// A credit note and its sale, as positions among the sorted lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnMatch {
    /// The credit note.
    pub credit: usize,
    /// The sale it gives back; nothing where no earlier one has enough units left.
    pub sale: Option<usize>,
    /// The units given back, above 0.
    pub quantity: i128,
}

/// Sorts the lines by time and id, and returns the credit notes in that order.
///
/// Each one takes the last line of an earlier instant that is a sale with
/// enough units left, and its units with it. Lines of 0 units take no part.
pub fn return_matches<L: Ord>(lines: &mut [LedgerLine<L>]) -> Vec<ReturnMatch> {
    lines.sort_unstable_by(|a, b| (a.at, &a.line, a.quantity).cmp(&(b.at, &b.line, b.quantity)));
    if lines.iter().all(|line| line.quantity >= 0) {
        return Vec::new();
    }
    let mut left = UnitsLeft::new(lines.iter().map(|line| line.quantity.max(0)));
    let mut matches = Vec::new();
    let mut first = 0;
    for instant in lines.chunk_by(|a, b| a.at == b.at) {
        for (i, line) in instant.iter().enumerate() {
            if line.quantity >= 0 {
                continue;
            }
            let quantity = line.quantity.saturating_neg();
            let sale = left.last_before(first, quantity);
            if let Some(sale) = sale {
                left.take(sale, quantity);
            }
            matches.push(ReturnMatch {
                credit: first + i,
                sale,
                quantity,
            });
        }
        first += instant.len();
    }
    matches
}

/// The units left of each line, as a tree of maxima: the last line that has
/// enough is found in a logarithm of steps, however many lines there are.
struct UnitsLeft {
    /// The root is at 1, the children of `i` at `2 i` and `2 i + 1`.
    tree: Vec<i128>,
    n_leaves: usize,
}

impl UnitsLeft {
    fn new(units: impl ExactSizeIterator<Item = i128>) -> Self {
        // One leaf more than lines, so that "before the end" is a leaf too.
        let n_leaves = (units.len() + 1).next_power_of_two();
        let mut tree = vec![0; 2 * n_leaves];
        for (leaf, units) in tree[n_leaves..].iter_mut().zip(units) {
            *leaf = units;
        }
        for node in (1..n_leaves).rev() {
            tree[node] = tree[2 * node].max(tree[2 * node + 1]);
        }
        Self { tree, n_leaves }
    }

    /// Returns the last line before `end` with at least `quantity` left, which is above 0.
    fn last_before(&self, end: usize, quantity: i128) -> Option<usize> {
        let mut node = end + self.n_leaves;
        while node > 1 {
            // What lies before a right child begins with its left sibling.
            if node % 2 == 1 && self.tree[node - 1] >= quantity {
                node -= 1;
                while node < self.n_leaves {
                    node = 2 * node + usize::from(self.tree[2 * node + 1] >= quantity);
                }
                return Some(node - self.n_leaves);
            }
            node /= 2;
        }
        None
    }

    fn take(&mut self, line: usize, quantity: i128) {
        let mut node = line + self.n_leaves;
        self.tree[node] -= quantity;
        while node > 1 {
            node /= 2;
            self.tree[node] = self.tree[2 * node].max(self.tree[2 * node + 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(rows: &[(i64, u32, i128)]) -> Vec<LedgerLine<u32>> {
        rows.iter()
            .map(|&(at, line, quantity)| LedgerLine { at, line, quantity })
            .collect()
    }

    /// Ids of credit note and sale, and the units.
    fn matched(rows: &[(i64, u32, i128)]) -> Vec<(u32, Option<u32>, i128)> {
        let mut lines = lines(rows);
        return_matches(&mut lines)
            .into_iter()
            .map(|m| {
                let sale = m.sale.map(|sale| lines[sale].line);
                (lines[m.credit].line, sale, m.quantity)
            })
            .collect()
    }

    #[test]
    fn the_latest_earlier_sale_with_enough_left_is_taken() {
        let rows = [(1, 1, 10), (2, 2, 4), (3, 3, -3), (4, 4, -3), (5, 5, -8)];
        assert_eq!(
            matched(&rows),
            [(3, Some(2), 3), (4, Some(1), 3), (5, None, 8)]
        );
    }

    #[test]
    fn a_sale_of_the_same_instant_is_not_earlier() {
        assert_eq!(matched(&[(1, 1, 5), (1, 2, -5)]), [(2, None, 5)]);
    }

    #[test]
    fn ties_go_by_id() {
        let rows = [(1, 8, 1), (1, 9, 1), (2, 5, -1), (2, 4, -1)];
        assert_eq!(matched(&rows), [(4, Some(9), 1), (5, Some(8), 1)]);
    }

    #[test]
    fn sales_alone_and_nothing_match_nothing() {
        assert_eq!(matched(&[(1, 1, 5), (2, 2, 0)]), []);
        assert_eq!(matched(&[]), []);
    }

    proptest! {
        #[test]
        fn a_walk_backwards_over_all_lines_agrees(
            rows in prop::collection::vec((0i64..12, 0u32..40, -4i128..5), 0..40),
        ) {
            let mut sorted = rows.clone();
            sorted.sort_unstable();
            let mut left: Vec<i128> = sorted.iter().map(|row| row.2).collect();
            let mut slow = vec![];
            for (at, line, quantity) in &sorted {
                if *quantity < 0 {
                    let sale = (0..sorted.len())
                        .rev()
                        .find(|i| sorted[*i].0 < *at && sorted[*i].2 > 0 && left[*i] + quantity >= 0);
                    if let Some(sale) = sale {
                        left[sale] += quantity;
                    }
                    slow.push((*line, sale.map(|sale| sorted[sale].1), -quantity));
                }
            }
            prop_assert_eq!(matched(&rows), slow);
        }
    }
}
