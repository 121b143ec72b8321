//! One stretch of memory for all numbers of a step, and the places in it.

/// A place in the arena. Places handed out by one [`Layout`] do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    start: usize,
    len: usize,
}

impl Slot {
    /// No place: what an operation without a bias has in its stead.
    pub const NONE: Slot = Slot { start: 0, len: 0 };

    /// Numbers before it in the arena.
    pub fn start(self) -> usize {
        self.start
    }

    pub fn len(self) -> usize {
        self.len
    }

    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// `len` numbers of it, from `start` on.
    pub fn part(self, start: usize, len: usize) -> Slot {
        debug_assert!(start + len <= self.len, "a part lies within the whole");
        Slot {
            start: self.start + start,
            len,
        }
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start..self.start + self.len
    }
}

/// Numbers and the objective's gradient with respect to them, of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub value: Slot,
    pub grad: Slot,
}

impl Node {
    /// A node without numbers.
    pub const NONE: Node = Node {
        value: Slot::NONE,
        grad: Slot::NONE,
    };

    /// `len` numbers of it and their gradients, from `start` on.
    pub fn part(self, start: usize, len: usize) -> Node {
        Node {
            value: self.value.part(start, len),
            grad: self.grad.part(start, len),
        }
    }
}

/// How an operation hands a gradient back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is the first, or the only one, that uses those numbers.
    Set,
    /// Others have written before it.
    Add,
}

/// Hands out places, one after the other.
#[derive(Debug, Default)]
pub struct Layout {
    len: usize,
}

impl Layout {
    /// A place for that many numbers. It begins at a multiple of 16, a cache line's worth.
    pub fn slot(&mut self, len: usize) -> Slot {
        // Where it no longer fits into any memory, `Arena::new` says so.
        let start = self.len.saturating_add(15) / 16 * 16;
        self.len = start.saturating_add(len);
        Slot { start, len }
    }

    /// Numbers handed out.
    pub fn numbers(&self) -> usize {
        self.len
    }
}

/// The memory itself; allocated once.
#[derive(Debug)]
pub struct Arena(Vec<f32>);

impl Arena {
    /// Zeros for all that the layout has handed out; `None` where so much memory is not to be had.
    pub fn new(layout: &Layout) -> Option<Self> {
        let mut numbers = Vec::new();
        numbers.try_reserve_exact(layout.len).ok()?;
        numbers.resize(layout.len, 0.0);
        Some(Arena(numbers))
    }

    pub fn get(&self, slot: Slot) -> &[f32] {
        &self.0[slot.range()]
    }

    pub fn get_mut(&mut self, slot: Slot) -> &mut [f32] {
        &mut self.0[slot.range()]
    }

    /// Several places at once.
    ///
    /// # Panics
    /// Where two of them overlap, which no plan asks for.
    pub fn views<const N: usize>(&mut self, slots: [Slot; N]) -> [&mut [f32]; N] {
        match self.0.get_disjoint_mut(slots.map(Slot::range)) {
            Ok(views) => views,
            Err(error) => unreachable!("a plan's operation uses places that overlap: {error}"),
        }
    }
}
