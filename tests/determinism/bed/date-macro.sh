echo 'const char *built = __DATE__ " " __TIME__ " " __TIMESTAMP__;' >built.c
gcc -c built.c -o result
