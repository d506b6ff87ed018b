gcc -std=gnu11 -g -fsanitize=address,undefined -o text main.c
./text >result
# An overflow, and a leak, for which a process attaches to its parent.
if ./text x 2>overflow; then exit 1; fi
grep -o 'heap-buffer-overflow' overflow | head -1 >>result
gcc -std=gnu11 -g -fsanitize=leak -o leak main.c
if ./leak a b 2>leaks; then exit 1; fi
grep -o 'LeakSanitizer: detected memory leaks' leaks >>result
