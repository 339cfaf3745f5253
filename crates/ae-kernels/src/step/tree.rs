//! The tree in which the gradients of a batch's groups are added.
//!
//! Groups are added in pairs, pairs in pairs, and so on, as a binary counter carries: group `i` is added to the sums of
//! the lowest bits of `i` that are 1. What is left at the end is added from the smallest sum to the largest.

/// Rows of a group, whose gradients are added one after the other. It is part of the results.
pub(super) const GROUP_ROWS: usize = 256;

/// The sums that wait for others: that at index `k` is of `2^k` groups. A batch of one group has none.
#[derive(Debug, Default)]
pub(super) struct Tree {
    sums: Vec<Vec<f32>>,
}

impl Tree {
    /// The sums that are to be added to a group's, in order.
    pub(super) fn addends(&self, group: usize, is_last: bool, numbers: usize) -> Vec<&[f32]> {
        let levels = if is_last { usize::BITS } else { group.trailing_ones() };
        let waiting = (0..levels).filter(|level| group >> level & 1 == 1);
        waiting.map(|level| &self.sums[level as usize][..numbers]).collect()
    }

    /// Keeps the sum of a group and its addends.
    pub(super) fn keep(&mut self, group: usize, sum: &[f32]) {
        let level = group.trailing_ones() as usize;
        if self.sums.len() <= level {
            self.sums.resize_with(level + 1, Vec::new);
        }
        self.sums[level].clear();
        self.sums[level].extend_from_slice(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of groups as text, which shows the order.
    fn order(groups: usize) -> String {
        let mut waiting: Vec<String> = Vec::new();
        let mut tree = Tree::default();
        let mut value = 0.0;
        let mut text = String::new();
        for group in 0..groups {
            text = group.to_string();
            value = (group + 1) as f32;
            let is_last = group + 1 == groups;
            let addends: Vec<f32> =
                tree.addends(group, is_last, 1).iter().map(|sum| sum[0]).collect();
            for addend in addends {
                value += addend;
                text = format!("({}+{text})", waiting.pop().unwrap());
            }
            if !is_last {
                tree.keep(group, &[value]);
                waiting.push(text.clone());
            }
        }
        assert_eq!(value, (groups * (groups + 1) / 2) as f32, "every group counts once");
        text
    }

    #[test]
    fn groups_are_added_in_pairs() {
        assert_eq!(order(1), "0");
        assert_eq!(order(3), "((0+1)+2)");
        assert_eq!(order(4), "((0+1)+(2+3))");
        assert_eq!(order(7), "(((0+1)+(2+3))+((4+5)+6))");
    }
}
