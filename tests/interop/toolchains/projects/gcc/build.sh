make -j2 CC=gcc
for program in words words-lto words-sanitized; do "./$program" 'one two  three'; done >result
