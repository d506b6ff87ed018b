use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

fn main() {
    let (sender, receiver) = mpsc::channel();
    let texts: [&'static str; 3] = ["a b a", "b c", "a"];
    let threads: Vec<_> = texts
        .into_iter()
        .map(|text| {
            let sender = sender.clone();
            thread::spawn(move || {
                for word in text.split(' ') {
                    sender.send(word).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    let mut counts = BTreeMap::new();
    for word in receiver {
        *counts.entry(word).or_insert(0) += 1;
    }
    for thread in threads {
        thread.join().unwrap();
    }
    println!("{:?}", counts);
}
