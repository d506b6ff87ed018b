rustc -O --edition 2021 -D warnings words.rs
./words >result
