mkdir from
for i in 1 2 3; do echo $i >from/f$i; done
rsync -ai from/ to/ | sed 's/^/first /' >result
rsync -ai from/ to/ | sed 's/^/second /' >>result
sleep 1.1
echo 9 >from/f2
rsync -ai from/ to/ | sed 's/^/third /' >>result
sleep 1.1
echo 8 >to/f3
rsync -aiu from/ to/ | sed 's/^/fourth /' >>result
rsync -ai from/ to/ | sed 's/^/fifth /' >>result
