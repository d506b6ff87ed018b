import unittest

from words.count import count_all


class CountTest(unittest.TestCase):
    def test_sums_over_texts(self):
        self.assertEqual(count_all(["x", "x y"]), {"x": 2, "y": 1})


if __name__ == "__main__":
    unittest.main()
