# Two families of processes that grow side by side; each says its members' ids.
grow() { for i in 1 2 3 4 5 6 7 8; do sh -c 'echo $$'; done >"$1"; }
grow a &
grow b &
wait
cat a b >result
