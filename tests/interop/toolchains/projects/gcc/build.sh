make -j2 CC=gcc
for program in words words-lto; do "./$program" 'one two  three'; done >result
