# What make makes, and makes again, when its prerequisites are made anew.
cat >Makefile <<'RULES'
all: program
program: main.o generated.o
	gcc -o $@ $^
generated.c: source.txt
	echo "const char *text = \"`cat source.txt`\";" >$@
%.o: %.c
	gcc -c $< -o $@
RULES
echo one >source.txt
printf '#include <stdio.h>\nextern const char *text;\nint main(void) { puts(text); }\n' >main.c
say() { "$@" >>result 2>&1 || echo "exit $?" >>result; }
say make
say make -q
sleep 0.05
echo two >source.txt
say make -q
say make
say ./program
say make -q
sleep 0.05
touch main.c
say make
sleep 0.05
# Moved into place, with the time that it was made.
echo 'const char *text = "three";' >new.c
sleep 0.05
mv new.c generated.c
say make
say ./program
touch -d '2001-01-01' source.txt
say make -q
say make
