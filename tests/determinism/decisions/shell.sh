# Time goes on for whoever waits for it.
begin=$(date +%s)
sleep 2
end=$(date +%s)
test $((end - begin)) -ge 2 && echo 'two seconds have passed' >result
deadline=$(($(date +%s) + 2))
turns=0
while [ "$(date +%s)" -lt $deadline ] && [ $turns -lt 100 ]; do sleep 0.5; turns=$((turns + 1)); done
test $turns -le 6 && echo 'a deadline comes' >>result
timeout 1 sleep 30 || echo "timeout: $?" >>result
sleep 30 &
kill $!
wait $! || echo "killed: $?" >>result
(sleep 0.2; echo late >>result) &
wait
sh -c 'kill -STOP $$; echo continued' >>result &
sleep 0.3
kill -CONT $!
wait
mkfifo pipe
(sleep 0.2; echo through >pipe) &
cat pipe >>result
