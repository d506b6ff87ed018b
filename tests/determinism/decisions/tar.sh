# tar updates an archive by time.
echo 1 >a
echo 1 >b
tar cf archive a b
sleep 1.1
echo 2 >a
tar uf archive a b
tar tf archive >result
tar uf archive a b
tar tf archive >>result
touch stamp
sleep 1.1
echo 3 >b
tar cf newer --newer-mtime="$(stat -c %y stamp)" a b 2>/dev/null
tar tf newer >>result
