// SPDX-License-Identifier: GPL-2.0-only
// Generic functions in modules, many of them inlined.
use std::collections::HashMap;

mod inner {
    pub struct List<T>(pub Vec<T>);

    impl<T: Clone + std::fmt::Debug> List<T> {
        pub fn put(&mut self, item: &T) {
            self.0.push(item.clone());
        }

        pub fn show(&self) -> String {
            format!("{:?}", self.0)
        }
    }
}

fn main() {
    let mut lists: HashMap<String, inner::List<u64>> = HashMap::new();

    for i in 0..std::env::args().count() as u64 * 10 {
        lists
            .entry(format!("list {}", i % 3))
            .or_insert_with(|| inner::List(vec![]))
            .put(&i);
    }
    let mut shown: Vec<_> = lists.iter().map(|(k, l)| k.clone() + &l.show()).collect();
    shown.sort();
    println!("{}", shown.join(","));
}
