for i in 1 2 3 4 5 6 7 8; do echo "int f$i; const char *t$i = __TIME__;" >f$i.c; done
cat >Makefile <<'RULES'
OBJECTS = $(patsubst %.c,%.o,$(wildcard *.c))
result: $(OBJECTS)
	ar rcU library.a $^
	cat library.a *.id >$@
%.o: %.c
	gcc -g -c $< -o $@
	mktemp -u >$*.id
	sh -c 'date +%s%N; echo $$$$' >>$*.id
RULES
make -s "-j${JOBS:-1}"
