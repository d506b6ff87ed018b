echo 1 >old
sleep 0.05
echo 1 >middle
sleep 0.05
echo 1 >new
find . -newer middle -name '*[dew]' >result
for pair in 'old new' 'new old' 'middle middle'; do
  set -- $pair
  test "$1" -nt "$2" && echo "$1 is newer than $2" >>result
  test "$1" -ot "$2" && echo "$1 is older than $2" >>result
done
ls -t old middle new >>result
cp -u old new && cat new >>result
echo 5 >copy
cp -p old kept
test kept -nt old || echo 'a copy that keeps its time is not newer' >>result
