#[test]
fn four_is_five_less_one() {
    assert_eq!(roman::roman(4), "IV");
}
