"""Counts the words of many texts, some at a time."""

from collections import Counter
from multiprocessing import Pool


def count(text):
    return Counter(text.split())


def count_all(texts):
    with Pool(2) as pool:
        return sum(pool.map(count, texts), Counter())


if __name__ == "__main__":
    print(sorted(count_all(["a b a", "b c"]).items()))
