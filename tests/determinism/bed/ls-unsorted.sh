for i in 1 2 3 4 5 6 7 8 9; do (echo $i >tree/d/$i) & done
wait
ls -U tree tree/d >result
