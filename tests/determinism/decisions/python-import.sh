# A compiled module is taken if its source has not changed since.
run() { python3 -c 'import module; print(module.x)' >>result; }
echo 'x = 1' >module.py
run
run
sleep 1.1
echo 'x = 2' >module.py
run
