# A rule with restat: what did not change is not built upon again.
cat >build.ninja <<'RULES'
rule copy_if_different
  command = cmp -s $in $out || cp $in $out
  restat = 1
rule join
  command = cat $in > $out
build middle: copy_if_different source
build end: join middle other
RULES
echo 1 >source
echo 2 >other
say() { "$@" 2>&1 | sed 's/^\[[0-9/]*\] //; s/ ([0-9]* vs [0-9]*)//' >>result; }
say ninja -v
say ninja -v
sleep 0.05
echo 1 >source
say ninja -v -d explain
sleep 0.05
echo 3 >source
say ninja -v
cat end >>result
say ninja -v
