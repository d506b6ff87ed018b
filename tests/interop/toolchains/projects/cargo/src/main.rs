fn main() {
    println!("{}", roman::roman(2026));
}
