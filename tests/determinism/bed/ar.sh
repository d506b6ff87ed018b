echo 'int a;' >a.c
gcc -c a.c
ar rcU result a.o
