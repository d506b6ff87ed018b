python3 -m unittest -v test_words
python3 -m compileall -q words
python3 -m zipapp --main words.count:count_all -o words.pyz . # a zip of all, as packagers make
python3 -m words.count >result
