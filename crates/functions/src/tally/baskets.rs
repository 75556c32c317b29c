//! What is in which basket: millions of baskets of a few things each.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use indexmap::IndexSet;

use super::Labels;
use crate::folded::{Bytes, Reader, Tally};

/// Pairs of basket and item. Names are kept once, pairs as two numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Baskets {
    baskets: Names,
    items: Names,
    /// Numbers of basket and item; those behind the first `distinct` may repeat.
    pairs: Vec<(u32, u32)>,
    distinct: usize,
}

impl Baskets {
    fn add(&mut self, basket: u32, item: u32) {
        // Twice as many before they are looked through, so that each is sorted a few times only.
        if self.pairs.len() == self.pairs.capacity() && self.pairs.len() > 2 * self.distinct {
            self.pairs.sort_unstable();
            self.pairs.dedup();
            self.distinct = self.pairs.len();
        }
        self.pairs.push((basket, item));
    }

    /// Returns the names of all items in order, and the places among them of what is in each
    /// basket.
    pub(crate) fn contents(&self) -> (Vec<&str>, Vec<Vec<u32>>) {
        let mut order: Vec<u32> = (0..).take(self.items.names.len()).collect();
        order.sort_unstable_by_key(|item| self.items.get(*item));
        let mut places = vec![0; order.len()];
        for (place, item) in (0..).zip(&order) {
            places[*item as usize] = place;
        }
        let mut baskets = vec![Vec::new(); self.baskets.names.len()];
        for (basket, item) in &self.pairs {
            baskets[*basket as usize].push(places[*item as usize]);
        }
        let names = order.iter().map(|item| self.items.get(*item)).collect();
        (names, baskets)
    }
}

/// Names by number.
#[derive(Debug, Clone, Default)]
struct Names {
    names: IndexSet<Box<str>>,
    bytes: usize,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        // Looks before it copies: names repeat.
        let known = self.names.get_index_of(name);
        let number = known.unwrap_or_else(|| {
            self.bytes += name.len();
            self.names.insert_full(name.into()).0
        });
        // Four billion names do not fit into memory.
        number as u32
    }

    fn get(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.whole(self.names.len() as u64);
        self.names.iter().for_each(|name| bytes.text(name));
    }

    fn read(bytes: &mut Reader<'_>) -> Option<Self> {
        let mut names = Self::default();
        for _ in 0..bytes.count()? {
            names.number(&bytes.text()?);
        }
        Some(names)
    }

    fn heap_bytes(&self) -> usize {
        // Beside the name its hash, and its number in a table that is half full.
        let entry = size_of::<Box<str>>() + 3 * size_of::<usize>();
        self.names.capacity() * entry + self.bytes
    }
}

impl Tally for Baskets {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (baskets, items) = (Labels::of(columns, 0)?, Labels::of(columns, 1)?);
        for &row in rows {
            if let (Some(basket), Some(item)) = (baskets.get(row), items.get(row)) {
                let (basket, item) = (self.baskets.number(basket), self.items.number(item));
                self.add(basket, item);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        let own = |names: &mut Names, others: &Names| -> Vec<u32> {
            let others = others.names.iter();
            others.map(|name| names.number(name)).collect()
        };
        let baskets = own(&mut self.baskets, &other.baskets);
        let items = own(&mut self.items, &other.items);
        for (basket, item) in &other.pairs {
            self.add(baskets[*basket as usize], items[*item as usize]);
        }
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        self.baskets.write(bytes);
        self.items.write(bytes);
        bytes.whole(self.pairs.len() as u64);
        for (basket, item) in &self.pairs {
            bytes.whole(u64::from(*basket) << 32 | u64::from(*item));
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut read = Self {
            baskets: Names::read(bytes)?,
            items: Names::read(bytes)?,
            ..Self::default()
        };
        for _ in 0..bytes.count()? {
            let pair = bytes.whole()?;
            let (basket, item) = ((pair >> 32) as u32, pair as u32);
            let known = (basket as usize) < read.baskets.names.len()
                && (item as usize) < read.items.names.len();
            read.pairs.push(known.then_some((basket, item))?);
        }
        Some(read)
    }

    fn heap_bytes(&self) -> usize {
        let pairs = self.pairs.capacity() * size_of::<(u32, u32)>();
        pairs + self.baskets.heap_bytes() + self.items.heap_bytes()
    }
}
